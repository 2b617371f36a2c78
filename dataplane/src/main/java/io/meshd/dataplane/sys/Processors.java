package io.meshd.dataplane.sys;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The processors that a thread may run on (sched_setaffinity(2)): all that it could when this was
 * made, or one of them. Belongs to that thread.
 */
public final class Processors {
  /** As the C library's cpu_set_t. */
  private static final int MOST = 1024;

  private final MemorySegment all = Arena.ofAuto().allocate(MOST / 8, 8);
  private final MemorySegment one = Arena.ofAuto().allocate(MOST / 8, 8);

  /** Of the calling thread. */
  public Processors() {
    Libc.schedGetaffinity(0, all);
  }

  public int count() {
    int count = 0;
    for (int at = 0; at < MOST / 8; at += 8) {
      count += Long.bitCount(all.get(JAVA_LONG, at));
    }
    return count;
  }

  /** Where the thread runs now. */
  public int current() {
    return Libc.schedGetcpu();
  }

  /**
   * @return false when it is none of them, and nothing has changed
   */
  public boolean only(int processor) {
    if (processor < 0 || processor >= MOST || (word(processor) & 1L << processor) == 0) {
      return false;
    }
    one.fill((byte) 0);
    one.set(JAVA_LONG, at(processor), 1L << processor);
    return Libc.schedSetaffinity(0, one) >= 0;
  }

  public void any() {
    Libc.schedSetaffinity(0, all);
  }

  private long word(int processor) {
    return all.get(JAVA_LONG, at(processor));
  }

  private static long at(int processor) {
    return (long) Long.BYTES * (processor / Long.SIZE);
  }
}
