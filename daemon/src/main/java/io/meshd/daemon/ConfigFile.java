package io.meshd.daemon;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads meshd.yaml: one map of known keys to plain values. Read token by token, because that is
 * what knows the line of a mistake.
 */
final class ConfigFile {
  /** A value as written, and where: "/etc/meshd/meshd.yaml line 3: data-dir". */
  record Value(String text, String origin) {}

  private ConfigFile() {}

  /** Keys that the file sets; an empty file sets none. */
  static Map<ConfigKey, Value> read(Path file) throws StartupException {
    try (JsonParser parser = new YAMLFactory().createParser(Files.newBufferedReader(file))) {
      return read(file, parser);
    } catch (JsonProcessingException e) {
      throw new StartupException(file + " is not valid YAML: " + where(e));
    } catch (IOException e) {
      throw new StartupException(file + " cannot be read: " + reason(e));
    }
  }

  private static Map<ConfigKey, Value> read(Path file, JsonParser parser)
      throws IOException, StartupException {
    Map<ConfigKey, Value> values = new EnumMap<>(ConfigKey.class);
    JsonToken start = parser.nextToken();
    if (start == null || (start.isScalarValue() && parser.getText().isEmpty())) {
      return values;
    }
    if (start != JsonToken.START_OBJECT) {
      throw new StartupException(file + " must hold lines of the form KEY: VALUE");
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      String line = file + " line " + parser.currentTokenLocation().getLineNr() + ": ";
      ConfigKey key = ConfigKey.find(name).orElse(null);
      if (key == null) {
        throw new StartupException(
            line + "unknown key " + name + " (allowed are " + ConfigKey.allKeys() + ")");
      }
      String text = scalar(parser.nextToken(), parser);
      if (text == null) {
        throw new StartupException(line + name + " must be one plain value");
      }
      if (values.put(key, new Value(text, line + name)) != null) {
        throw new StartupException(line + name + " is set twice");
      }
    }
    return values;
  }

  private static @Nullable String scalar(JsonToken token, JsonParser parser) throws IOException {
    return token.isScalarValue() && token != JsonToken.VALUE_NULL ? parser.getText() : null;
  }

  private static String where(JsonProcessingException e) {
    String problem = e.getOriginalMessage().lines().findFirst().orElse("");
    return e.getLocation() == null
        ? problem
        : problem + " (line " + e.getLocation().getLineNr() + ")";
  }

  private static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException _ -> "no such file";
      case AccessDeniedException _ -> "permission denied";
      case CharacterCodingException _ -> "it is not UTF-8 text";
      default -> String.valueOf(e.getMessage());
    };
  }
}
