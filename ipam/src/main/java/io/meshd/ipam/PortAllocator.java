package io.meshd.ipam;

import java.util.Collection;
import java.util.OptionalInt;

/** Published ports of one protocol; each protocol has a space of its own. */
public final class PortAllocator {
  /** Swarm's range for ports that the user left open. */
  public static final int FIRST_DYNAMIC = 30000;

  public static final int LAST_DYNAMIC = 32767;

  private final SerialSpace numbers;

  /**
   * @param taken ports in use, 1-65535
   * @param next where the search for a dynamic port starts, as {@link #next} told; 0 at first
   */
  public PortAllocator(Collection<Integer> taken, int next) {
    numbers = new SerialSpace(FIRST_DYNAMIC, LAST_DYNAMIC, next);
    taken.forEach(numbers::take);
  }

  /** Takes a port that the user chose; false when it is in use. */
  public boolean reserve(int port) {
    return numbers.take(port);
  }

  /** A dynamic port; empty when all are in use. */
  public OptionalInt allocate() {
    return numbers.give();
  }

  public int next() {
    return numbers.next();
  }
}
