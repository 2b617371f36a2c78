package io.meshd.cli.grammar;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** One {@code --env}: {@code K=V}, or {@code K} for the value this process has. */
public record EnvSpec(String text) {
  public static EnvSpec parse(String text) {
    if (text.isEmpty() || text.charAt(0) == '=') {
      throw new IllegalArgumentException("invalid environment variable: " + text);
    }
    if (text.indexOf('=') >= 0) {
      return new EnvSpec(text);
    }
    String value = System.getenv(text);
    return new EnvSpec(value == null ? text : text + "=" + value);
  }

  public String key() {
    int equals = text.indexOf('=');
    return equals < 0 ? text : text.substring(0, equals);
  }

  /** The lines of an {@code --env-file}: comments and empty lines skipped, no expansion. */
  public static List<EnvSpec> readFile(String file) {
    List<EnvSpec> found = new ArrayList<>();
    try {
      for (String line : Files.readAllLines(Path.of(file))) {
        String trimmed = line.stripLeading();
        if (trimmed.isEmpty() || trimmed.charAt(0) == '#') {
          continue;
        }
        int equals = trimmed.indexOf('=');
        String key = equals < 0 ? trimmed : trimmed.substring(0, equals);
        if (key.isEmpty()) {
          throw new Failure(
              "invalid env file (%s): no variable name on line '%s'".formatted(file, trimmed));
        }
        if (key.chars().anyMatch(Character::isWhitespace)) {
          throw new Failure(
              "invalid env file (%s): variable '%s' contains whitespaces".formatted(file, key));
        }
        if (equals >= 0 || System.getenv(key) != null) {
          found.add(parse(trimmed));
        }
      }
    } catch (IOException e) {
      throw new Failure("open " + file + ": no such file or directory");
    }
    return found;
  }
}
