package io.meshd.ipam;

import java.util.Collection;
import java.util.OptionalInt;

/** VXLAN network identifiers (RFC 7348, 24 bits), serially from Swarm's first. */
public final class VniAllocator {
  public static final int FIRST = 4096;
  public static final int LAST = (1 << 24) - 1;

  private final SerialSpace numbers;

  /**
   * @param taken in use, wherever they came from
   * @param next where the search starts, as {@link #next} told; 0 at first
   */
  public VniAllocator(Collection<Integer> taken, int next) {
    numbers = new SerialSpace(FIRST, LAST, next);
    taken.forEach(numbers::take);
  }

  /** Empty when all are in use. */
  public OptionalInt allocate() {
    return numbers.give();
  }

  public int next() {
    return numbers.next();
  }
}
