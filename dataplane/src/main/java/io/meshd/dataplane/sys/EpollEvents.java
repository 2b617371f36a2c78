package io.meshd.dataplane.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * An array of struct epoll_event (epoll_ctl(2)): a mask of events and 64 bits that are the
 * caller's. Packed on x86-64, and nowhere else.
 */
public final class EpollEvents {
  public static final int IN = 0x1;
  public static final int OUT = 0x4;
  public static final int ERR = 0x8;
  public static final int HUP = 0x10;
  public static final int RDHUP = 0x2000;

  /** Of the waiters for one descriptor only some are woken. */
  public static final int EXCLUSIVE = 1 << 28;

  /** Edge-triggered. */
  public static final int ET = 1 << 31;

  private static final boolean PACKED = "amd64".equals(System.getProperty("os.arch"));
  private static final int DATA_OFFSET = PACKED ? 4 : 8;
  private static final int SIZE = PACKED ? 12 : 16;

  private final MemorySegment events;
  private final int capacity;

  public EpollEvents(int capacity) {
    this.capacity = capacity;
    events = Arena.ofAuto().allocate((long) SIZE * capacity, 8);
  }

  public int capacity() {
    return capacity;
  }

  public void set(int index, int mask, long data) {
    events.set(JAVA_INT_UNALIGNED, (long) index * SIZE, mask);
    events.set(JAVA_LONG_UNALIGNED, (long) index * SIZE + DATA_OFFSET, data);
  }

  public int mask(int index) {
    return events.get(JAVA_INT_UNALIGNED, (long) index * SIZE);
  }

  public long data(int index) {
    return events.get(JAVA_LONG_UNALIGNED, (long) index * SIZE + DATA_OFFSET);
  }

  /** Address of the first. */
  public long address() {
    return events.address();
  }
}
