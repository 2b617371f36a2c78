package io.meshd.cli.format;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.meshd.api.Json;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Docker's template functions, and Go's that formats use. */
final class TemplateFunctions {
  private TemplateFunctions() {}

  static final Set<String> NAMES =
      Set.of(
          "json",
          "upper",
          "lower",
          "title",
          "join",
          "split",
          "len",
          "index",
          "print",
          "println",
          "printf",
          "eq",
          "ne",
          "lt",
          "le",
          "gt",
          "ge",
          "not",
          "and",
          "or",
          "truncate",
          "pad");

  /**
   * @throws IllegalArgumentException with Go's words
   */
  static @Nullable Object call(String name, List<@Nullable Object> given) {
    return switch (name) {
      case "json" -> json(only(name, given));
      case "upper" -> text(only(name, given)).toUpperCase(Locale.ROOT);
      case "lower" -> text(only(name, given)).toLowerCase(Locale.ROOT);
      case "title" -> title(text(only(name, given)));
      case "join" -> join(at(name, given, 0), text(at(name, given, 1)));
      case "split" ->
          List.of(
              text(at(name, given, 0))
                  .split(java.util.regex.Pattern.quote(text(at(name, given, 1))), -1));
      case "len" -> length(only(name, given));
      case "index" -> index(given);
      case "print" -> given.stream().map(GoValues::print).collect(Collectors.joining(""));
      case "println" -> given.stream().map(GoValues::print).collect(Collectors.joining(" ")) + "\n";
      case "printf" -> printf(given);
      case "eq" -> given.stream().skip(1).anyMatch(v -> same(at(name, given, 0), v));
      case "ne" -> !same(at(name, given, 0), at(name, given, 1));
      case "lt" -> compare(given) < 0;
      case "le" -> compare(given) <= 0;
      case "gt" -> compare(given) > 0;
      case "ge" -> compare(given) >= 0;
      case "not" -> !GoValues.truth(only(name, given));
      case "and" ->
          given.stream().filter(v -> !GoValues.truth(v)).findFirst().orElseGet(given::getLast);
      case "or" -> given.stream().filter(GoValues::truth).findFirst().orElseGet(given::getLast);
      case "truncate" -> {
        String text = text(at(name, given, 0));
        yield text.substring(0, Math.min(text.length(), number(at(name, given, 1))));
      }
      case "pad" ->
          " ".repeat(number(at(name, given, 1)))
              + text(at(name, given, 0))
              + " ".repeat(number(at(name, given, 2)));
      default -> throw new IllegalArgumentException("function not defined");
    };
  }

  /** JSON as Go writes it; a row's keys are sorted and its HTML characters escaped, as Go does. */
  private static String json(@Nullable Object value) {
    try {
      if (value instanceof Row row) {
        return Json.MAPPER
            .writeValueAsString(new TreeMap<>(row.fields()))
            .replace("<", "\\u003c")
            .replace(">", "\\u003e")
            .replace("&", "\\u0026");
      }
      return Json.MAPPER.writeValueAsString(value instanceof GoValues.Nil ? null : value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("error calling json: " + e.getOriginalMessage());
    }
  }

  private static String title(String text) {
    return text.isEmpty()
        ? text
        : text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
  }

  private static String join(@Nullable Object list, String separator) {
    if (!(list instanceof Collection<?> values)) {
      throw new IllegalArgumentException("wrong type for value; expected []string");
    }
    StringJoiner out = new StringJoiner(separator);
    values.forEach(value -> out.add(GoValues.print(value)));
    return out.toString();
  }

  private static Object length(@Nullable Object value) {
    return switch (value) {
      case String text -> (long) text.length();
      case Collection<?> list -> (long) list.size();
      case Map<?, ?> map -> (long) map.size();
      case null, default ->
          throw new IllegalArgumentException("error calling len: len of " + GoValues.print(value));
    };
  }

  private static @Nullable Object index(List<@Nullable Object> given) {
    Object value = at("index", given, 0);
    for (Object key : given.subList(1, given.size())) {
      if (value instanceof Map<?, ?> map) {
        Object found = map.get(key);
        value = found == null ? "" : found;
      } else if (value instanceof List<?> list) {
        int i = number(key);
        if (i < 0 || i >= list.size()) {
          throw new IllegalArgumentException(
              "error calling index: reflect: slice index out of range");
        }
        value = list.get(i);
      } else {
        throw new IllegalArgumentException(
            "error calling index: can't index item of type " + GoValues.print(value));
      }
    }
    return value;
  }

  private static String printf(List<@Nullable Object> given) {
    String format = text(at("printf", given, 0)).replace("%v", "%s").replace("%q", "\"%s\"");
    Object[] values =
        given.stream().skip(1).map(v -> v instanceof Number ? v : GoValues.print(v)).toArray();
    try {
      return String.format(Locale.ROOT, format, values);
    } catch (java.util.IllegalFormatException e) {
      throw new IllegalArgumentException("error calling printf: bad format " + format);
    }
  }

  private static boolean same(@Nullable Object left, @Nullable Object right) {
    if (left instanceof Number a && right instanceof Number b) {
      return Double.compare(a.doubleValue(), b.doubleValue()) == 0;
    }
    return Objects.equals(left, right);
  }

  private static int compare(List<@Nullable Object> given) {
    Object left = at("lt", given, 0);
    Object right = at("lt", given, 1);
    if (left instanceof Number a && right instanceof Number b) {
      return Double.compare(a.doubleValue(), b.doubleValue());
    }
    if (left instanceof String a && right instanceof String b) {
      return a.compareTo(b);
    }
    throw new IllegalArgumentException("error calling lt: incompatible types for comparison");
  }

  private static @Nullable Object only(String name, List<@Nullable Object> given) {
    if (given.size() != 1) {
      throw new IllegalArgumentException(
          "wrong number of args for %s: want 1 got %d".formatted(name, given.size()));
    }
    return given.getFirst();
  }

  private static @Nullable Object at(String name, List<@Nullable Object> given, int index) {
    if (index >= given.size()) {
      throw new IllegalArgumentException(
          "wrong number of args for %s: got %d".formatted(name, given.size()));
    }
    return given.get(index);
  }

  private static String text(@Nullable Object value) {
    return GoValues.print(value);
  }

  private static int number(@Nullable Object value) {
    if (value instanceof Number number) {
      return number.intValue();
    }
    throw new IllegalArgumentException("wrong type for value; expected int");
  }
}
