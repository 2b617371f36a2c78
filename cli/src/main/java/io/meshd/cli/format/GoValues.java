package io.meshd.cli.format;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.meshd.api.Extension;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Fields, truth and text of values as Go sees them. Records stand for Go's structs. */
final class GoValues {
  private GoValues() {}

  /** A nil pointer: an absent struct inside a struct. */
  enum Nil {
    NIL;

    @Override
    public String toString() {
      return "<nil>";
    }
  }

  /**
   * A field of a record (by its JSON name), of a row, or of a map.
   *
   * @throws IllegalArgumentException with Go's words when there is no such field
   */
  static @Nullable Object field(@Nullable Object value, String name) {
    return switch (value) {
      case Row row -> {
        Object found = row.fields().get(name);
        if (found == null) {
          throw new IllegalArgumentException(
              "can't evaluate field %s in type %s".formatted(name, row.type()));
        }
        yield found;
      }
      case Record record -> recordField(record, name);
      case Map<?, ?> map -> {
        if (!map.containsKey(name)) {
          throw new IllegalArgumentException("map has no entry for key \"%s\"".formatted(name));
        }
        yield map.get(name);
      }
      case null ->
          throw new IllegalArgumentException("nil data; no entry for key \"%s\"".formatted(name));
      case Nil nil -> throw new IllegalArgumentException("nil pointer evaluating ." + name);
      default ->
          throw new IllegalArgumentException(
              "can't evaluate field %s in type %s".formatted(name, typeName(value)));
    };
  }

  private static Object recordField(Record record, String name) {
    for (RecordComponent component : record.getClass().getRecordComponents()) {
      if (jsonName(component).equals(name)) {
        return read(record, component);
      }
    }
    throw new IllegalArgumentException(
        "can't evaluate field %s in type %s".formatted(name, typeName(record)));
  }

  private static String jsonName(RecordComponent component) {
    JsonProperty property = component.getAccessor().getAnnotation(JsonProperty.class);
    return property == null ? component.getName() : property.value();
  }

  private static Object read(Record record, RecordComponent component) {
    Object value;
    try {
      value = component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
    return value == null ? zero(component.getType()) : value;
  }

  private static Object zero(Class<?> type) {
    if (type == String.class) {
      return "";
    }
    if (type == Boolean.class) {
      return false;
    }
    if (Number.class.isAssignableFrom(type)) {
      return 0L;
    }
    if (Collection.class.isAssignableFrom(type)) {
      return List.of();
    }
    return Map.class.isAssignableFrom(type) ? Map.of() : Nil.NIL;
  }

  /** {@code swarm.Service} for Services.Service; Go's own names for plain values. */
  private static String typeName(Object value) {
    return switch (value) {
      case Record record -> "swarm." + record.getClass().getSimpleName();
      case String s -> "string";
      case Boolean b -> "bool";
      case Number n -> "int";
      case Collection<?> c -> "[]interface {}";
      default -> "interface {}";
    };
  }

  static boolean truth(@Nullable Object value) {
    return switch (value) {
      case null -> false;
      case Boolean b -> b;
      case Number n -> n.doubleValue() != 0;
      case String s -> !s.isEmpty();
      case Collection<?> c -> !c.isEmpty();
      case Map<?, ?> m -> !m.isEmpty();
      case Nil nil -> false;
      default -> true;
    };
  }

  /** Go's {@code %v}. */
  static String print(@Nullable Object value) {
    return switch (value) {
      case null -> "<no value>";
      case Row row -> print(row.fields());
      case Record record -> {
        StringJoiner out = new StringJoiner(" ", "{", "}");
        for (RecordComponent component : record.getClass().getRecordComponents()) {
          Object field = read(record, component);
          if (component.isAnnotationPresent(Extension.class) && !truth(field)) {
            continue;
          }
          out.add(print(field));
        }
        yield out.toString();
      }
      case Collection<?> list -> {
        StringJoiner out = new StringJoiner(" ", "[", "]");
        list.forEach(item -> out.add(print(item)));
        yield out.toString();
      }
      case Map<?, ?> map -> {
        StringJoiner out = new StringJoiner(" ", "map[", "]");
        Map<String, @Nullable Object> sorted = new TreeMap<>();
        map.forEach((key, item) -> sorted.put(String.valueOf(key), item));
        sorted.forEach((key, item) -> out.add(key + ":" + print(item)));
        yield out.toString();
      }
      case Double number -> new BigDecimal(number.toString()).stripTrailingZeros().toPlainString();
      default -> String.valueOf(value);
    };
  }
}
