package io.meshd.cli.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** One {@code --network}: a name or ID, or {@code name=N,alias=A}. */
public record NetworkSpec(String target, List<String> aliases) {
  public static NetworkSpec parse(String text) {
    if (text.indexOf('=') < 0) {
      return new NetworkSpec(text, List.of());
    }
    String target = "";
    List<String> aliases = new ArrayList<>();
    for (String field : text.split(",", -1)) {
      String[] pair = field.split("=", 2);
      if (pair.length != 2) {
        throw new IllegalArgumentException("invalid field " + field);
      }
      String key = pair[0].trim().toLowerCase(Locale.ROOT);
      switch (key) {
        case "name" -> target = pair[1].trim();
        case "alias" -> aliases.add(pair[1].trim());
        default -> throw new IllegalArgumentException("invalid field key " + key);
      }
    }
    if (target.isEmpty()) {
      throw new IllegalArgumentException("network name/id is not specified");
    }
    return new NetworkSpec(target, List.copyOf(aliases));
  }
}
