package io.meshd.cli.grammar;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A label or an option: {@code key=value}, or {@code key} alone for an empty value. */
public record KeyValue(String key, String value) {
  public static KeyValue parse(String text) {
    int equals = text.indexOf('=');
    String key = equals < 0 ? text : text.substring(0, equals);
    if (key.isBlank()) {
      throw new IllegalArgumentException("invalid label '%s': empty name".formatted(text));
    }
    if (key.chars().anyMatch(Character::isWhitespace)) {
      throw new IllegalArgumentException("label '%s' contains whitespaces".formatted(key));
    }
    return new KeyValue(key, equals < 0 ? "" : text.substring(equals + 1));
  }

  /** Pairs that nobody checks: a later one of a key counts, one without a value is empty. */
  public static Map<String, String> cut(List<String> texts) {
    Map<String, String> map = new LinkedHashMap<>();
    for (String text : texts) {
      int equals = text.indexOf('=');
      map.put(
          equals < 0 ? text : text.substring(0, equals),
          equals < 0 ? "" : text.substring(equals + 1));
    }
    return map;
  }

  public static Map<String, String> map(List<KeyValue> pairs) {
    Map<String, String> map = new LinkedHashMap<>();
    pairs.forEach(pair -> map.put(pair.key, pair.value));
    return map;
  }
}
