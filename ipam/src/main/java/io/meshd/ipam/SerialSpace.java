package io.meshd.ipam;

import java.util.BitSet;
import java.util.OptionalInt;

/**
 * Numbers {@code first} to {@code last}, handed out one after the other: the search goes on behind
 * the last one given and wraps, so a freed number rests as long as possible.
 */
final class SerialSpace {
  private final int first;
  private final int last;
  private final BitSet taken = new BitSet();
  private int next;

  /**
   * @param last inclusive; below {@code first} for an empty space
   * @param next where the search starts; anything outside means {@code first}
   */
  SerialSpace(int first, int last, int next) {
    this.first = first;
    this.last = last;
    this.next = next < first || next > last ? first : next;
  }

  /** False when it was taken already. Numbers outside may be marked too; they are never given. */
  boolean take(int number) {
    boolean free = !taken.get(number);
    taken.set(number);
    return free;
  }

  /** Empty when nothing is free. */
  OptionalInt give() {
    int found = taken.nextClearBit(next);
    if (found > last) {
      found = taken.nextClearBit(first);
    }
    if (found > last) {
      return OptionalInt.empty();
    }
    taken.set(found);
    next = found == last ? first : found + 1;
    return OptionalInt.of(found);
  }

  int next() {
    return next;
  }
}
