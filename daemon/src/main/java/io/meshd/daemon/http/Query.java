package io.meshd.daemon.http;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Query parameters, the first value of each. */
record Query(Map<String, String> first) {

  /**
   * @param raw the part after the question mark, or empty
   * @throws ApiException 400 for a bad escape
   */
  static Query parse(String raw) {
    Map<String, String> first = new HashMap<>();
    for (String pair : raw.split("&", -1)) {
      if (!pair.isEmpty()) {
        int equals = pair.indexOf('=');
        String name = equals < 0 ? pair : pair.substring(0, equals);
        String value = equals < 0 ? "" : pair.substring(equals + 1);
        first.putIfAbsent(decode(name), decode(value));
      }
    }
    return new Query(first);
  }

  @Nullable String get(String name) {
    return first.get(name);
  }

  /** Docker's rule (moby api/server/httputils, BoolValue): all but these words are true. */
  boolean flag(String name) {
    String value = first.getOrDefault(name, "").strip().toLowerCase(Locale.ROOT);
    return switch (value) {
      case "", "0", "no", "false", "none" -> false;
      default -> true;
    };
  }

  private static String decode(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new ApiException(400, "bad escape in the query: " + text);
    }
  }
}
