package io.meshd.cli.grammar;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.meshd.api.Json;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** One {@code --filter name=value}. */
public record FilterSpec(String name, String value) {
  public static FilterSpec parse(String text) {
    int equals = text.indexOf('=');
    if (equals < 0) {
      throw new IllegalArgumentException("bad format of filter (expected name=value)");
    }
    return new FilterSpec(
        text.substring(0, equals).trim().toLowerCase(Locale.ROOT),
        text.substring(equals + 1).trim());
  }

  /** The {@code filters} parameter: {@code {"name":{"a":true,"b":true}}}; empty without filters. */
  public static String json(List<FilterSpec> filters) {
    if (filters.isEmpty()) {
      return "";
    }
    Map<String, Map<String, Boolean>> map = new LinkedHashMap<>();
    for (FilterSpec filter : filters) {
      map.computeIfAbsent(filter.name, n -> new LinkedHashMap<>()).put(filter.value, true);
    }
    try {
      return Json.MAPPER.writeValueAsString(map);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
