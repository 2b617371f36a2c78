package io.meshd.daemon.rest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The {@code filters} parameter: {@code {"name":{"web":true}}} or, from old clients, {@code
 * {"name":["web"]}}. Values of one key are alternatives, keys must all hold.
 */
record Filters(Map<String, List<String>> values) {

  /**
   * @throws ApiException 400 for what is not that shape, or a key that is not allowed
   */
  static Filters of(Exchange exchange, Set<String> allowed) {
    String text = exchange.query("filters");
    Map<String, List<String>> values = new HashMap<>();
    if (text == null || text.isEmpty()) {
      return new Filters(values);
    }
    JsonNode tree = parse(text);
    for (Map.Entry<String, JsonNode> filter : tree.properties()) {
      if (!allowed.contains(filter.getKey())) {
        throw new ApiException(400, "invalid filter '" + filter.getKey() + "'");
      }
      values.put(filter.getKey(), alternatives(filter.getValue()));
    }
    return new Filters(values);
  }

  private static JsonNode parse(String text) {
    try {
      JsonNode tree = Json.MAPPER.readTree(text);
      if (tree.isObject()) {
        return tree;
      }
    } catch (JsonProcessingException _) {
      // said below
    }
    throw new ApiException(400, "invalid filters: must be a JSON object of name to values");
  }

  private static List<String> alternatives(JsonNode node) {
    List<String> result = new ArrayList<>();
    if (node.isObject()) {
      node.fieldNames().forEachRemaining(result::add);
    } else if (node.isArray()) {
      node.forEach(value -> result.add(value.asText()));
    } else {
      throw new ApiException(400, "invalid filters: must be a JSON object of name to values");
    }
    return result;
  }

  List<String> get(String key) {
    return values.getOrDefault(key, List.of());
  }

  /** True without such a filter, or when one of its values passes. */
  boolean any(String key, Predicate<String> test) {
    List<String> alternatives = get(key);
    return alternatives.isEmpty() || alternatives.stream().anyMatch(test);
  }

  /** {@code k} or {@code k=v}; all must hold (moby api/types/filters, MatchKVList). */
  boolean labels(String key, @Nullable Map<String, String> labels) {
    Map<String, String> present = labels == null ? Map.of() : labels;
    return get(key).stream()
        .allMatch(
            wanted -> {
              int equals = wanted.indexOf('=');
              return equals < 0
                  ? present.containsKey(wanted)
                  : wanted.substring(equals + 1).equals(present.get(wanted.substring(0, equals)));
            });
  }

  /**
   * A filter that takes a boolean, or null without it.
   *
   * @throws ApiException 400 in Docker's words
   */
  @Nullable Boolean flag(String key) {
    List<String> alternatives = get(key);
    if (alternatives.isEmpty()) {
      return null;
    }
    return switch (alternatives.getFirst()) {
      case "true", "1" -> true;
      case "false", "0" -> false;
      default ->
          throw new ApiException(
              400, "invalid filter '%s=%s'".formatted(key, alternatives.getFirst()));
    };
  }
}
