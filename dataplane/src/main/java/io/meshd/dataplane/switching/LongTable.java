package io.meshd.dataplane.switching;

import java.util.Collection;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * An immutable map from long to object, open addressing, at most half full; a lookup allocates
 * nothing.
 */
public final class LongTable<V> {
  private final long[] keys;
  private final @Nullable Object[] values;
  private final int mask;

  public LongTable(Map<Long, V> entries) {
    int size = Integer.highestOneBit(Math.max(1, entries.size())) * 4;
    keys = new long[size];
    values = new Object[size];
    mask = size - 1;
    entries.forEach(this::put);
  }

  /** Of two with the same key the later one. */
  public LongTable(Collection<V> entries, ToLongFunction<V> key) {
    int size = Integer.highestOneBit(Math.max(1, entries.size())) * 4;
    keys = new long[size];
    values = new Object[size];
    mask = size - 1;
    for (V entry : entries) {
      put(key.applyAsLong(entry), entry);
    }
  }

  public @Nullable V get(long key) {
    for (int i = slot(key); ; i = i + 1 & mask) {
      Object value = values[i];
      if (value == null) {
        return null;
      }
      if (keys[i] == key) {
        @SuppressWarnings("unchecked") // only put, below, stores
        V found = (V) value;
        return found;
      }
    }
  }

  private void put(long key, V value) {
    int i = slot(key);
    while (values[i] != null && keys[i] != key) {
      i = i + 1 & mask;
    }
    keys[i] = key;
    values[i] = value;
  }

  private int slot(long key) {
    long h = key * 0x9e3779b97f4a7c15L;
    return (int) (h >>> 40) & mask;
  }
}
