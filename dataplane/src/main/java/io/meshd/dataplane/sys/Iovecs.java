package io.meshd.dataplane.sys;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** An array of struct iovec: pointer, length. The memory pointed to is the caller's. */
public final class Iovecs {
  private static final int SIZE = 16;
  private static final int LENGTH_OFFSET = 8;

  private final MemorySegment entries;

  public Iovecs(int capacity) {
    entries = Arena.ofAuto().allocate((long) SIZE * capacity, 8);
  }

  public void set(int index, long address, long length) {
    entries.set(JAVA_LONG, (long) index * SIZE, address);
    entries.set(JAVA_LONG, (long) index * SIZE + LENGTH_OFFSET, length);
  }

  public long base(int index) {
    return entries.get(JAVA_LONG, (long) index * SIZE);
  }

  public long length(int index) {
    return entries.get(JAVA_LONG, (long) index * SIZE + LENGTH_OFFSET);
  }

  /** Address of an entry, and of those behind it. */
  public long address(int index) {
    return entries.address() + (long) index * SIZE;
  }
}
