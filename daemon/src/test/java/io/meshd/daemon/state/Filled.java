package io.meshd.daemon.state;

import java.lang.reflect.Array;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;

/** Records in which every field is set, down to the last one: the same ones each time. */
final class Filled {
  private Filled() {}

  /** What a record does not take just any text for. */
  private static final Map<String, String> TEXTS =
      Map.of("at", "2026-01-01T00:00:00Z", "subnet", "10.9.0.0/24", "gateway", "10.9.0.1");

  static <T> T of(Class<T> type) {
    return type.cast(of(type, type.getSimpleName(), Map.of()));
  }

  private static Object of(Type type, String name, Map<TypeVariable<?>, Type> known) {
    if (type instanceof TypeVariable<?> variable) {
      return of(Objects.requireNonNull(known.get(variable)), name, known);
    }
    if (type instanceof ParameterizedType generic) {
      Class<?> raw = (Class<?>) generic.getRawType();
      Type[] of = generic.getActualTypeArguments();
      if (raw == List.class) {
        return List.of(of(of[0], name, known));
      }
      if (raw == Set.class) {
        return Set.of(of(of[0], name, known));
      }
      if (raw == Map.class) {
        return Map.of(of(of[0], name, known), of(of[1], name, known));
      }
      if (raw == PMap.class) {
        return HashTreePMap.singleton(of(of[0], name, known), of(of[1], name, known));
      }
      Map<TypeVariable<?>, Type> inner = new HashMap<>();
      for (int i = 0; i < of.length; i++) {
        inner.put(raw.getTypeParameters()[i], of[i]);
      }
      return record(raw, inner);
    }
    return plain((Class<?>) type, name);
  }

  private static Object plain(Class<?> type, String name) {
    if (type == String.class || type == Object.class) {
      return TEXTS.getOrDefault(name, name);
    }
    if (type == int.class || type == Integer.class) {
      return name.length();
    }
    if (type == long.class || type == Long.class) {
      return 1_000L + name.length();
    }
    if (type == double.class || type == Double.class) {
      return 0.5;
    }
    if (type == boolean.class || type == Boolean.class) {
      return true;
    }
    if (type.isEnum()) {
      return type.getEnumConstants()[0];
    }
    if (type.isArray()) {
      Object array = Array.newInstance(type.getComponentType(), 1);
      Array.set(array, 0, plain(type.getComponentType(), name));
      return array;
    }
    if (type.isSealed() && !type.isRecord()) {
      return plain(type.getPermittedSubclasses()[0], name);
    }
    if (type.isRecord()) {
      return record(type, Map.of());
    }
    throw new IllegalArgumentException("no example of a " + type + " for " + name);
  }

  private static Object record(Class<?> type, Map<TypeVariable<?>, Type> known) {
    RecordComponent[] fields = type.getRecordComponents();
    Object[] values =
        Arrays.stream(fields)
            .map(field -> of(field.getGenericType(), field.getName(), known))
            .toArray();
    try {
      Constructor<?> constructor =
          type.getDeclaredConstructor(
              Arrays.stream(fields).map(RecordComponent::getType).toArray(Class<?>[]::new));
      constructor.setAccessible(true);
      return constructor.newInstance(values);
    } catch (ReflectiveOperationException e) {
      Throwable cause = e instanceof InvocationTargetException ? e.getCause() : e;
      throw new IllegalArgumentException("no example of a " + type, cause);
    }
  }
}
