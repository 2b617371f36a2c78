package io.meshd.dataplane.seal;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/**
 * Which numbers of a sender have come: a bitmap over the newest ones as a ring of words (RFC 6479,
 * the window of RFC 4303 section 3.4.3 without shifts). What is older than the window has come.
 *
 * <pre>
 *  0  next: the highest number that came, plus 1     8 bytes
 *  8  bits, number n at bit n modulo 8192            1024 bytes
 * </pre>
 *
 * <p>It lies in memory that is given, zeros for a new one.
 */
final class ReplayWindow {
  static final int BYTES = 8 + 1024;

  private static final int WORDS = 128;
  private static final int BITS = 64 * WORDS;

  /** One word less than there is: the newest one may be new but for one bit. */
  static final int WIDTH = BITS - 64;

  private final MemorySegment memory;
  private final long at;

  ReplayWindow(MemorySegment memory, long at) {
    this.memory = memory;
    this.at = at;
  }

  /** Whether it has not come yet, as far as is known. */
  boolean isNew(long number) {
    long next = memory.get(JAVA_LONG, at);
    return number >= next
        || (next - number <= WIDTH && (memory.get(JAVA_LONG, word(number)) & bit(number)) == 0);
  }

  /** It has come, and was authentic. */
  void add(long number) {
    long next = memory.get(JAVA_LONG, at);
    if (number >= next) {
      long newest = number >> 6;
      long first = Math.max(((next - 1) >> 6) + 1, newest - WORDS + 1);
      for (long w = first; w <= newest; w++) {
        memory.set(JAVA_LONG, word(w << 6), 0);
      }
      memory.set(JAVA_LONG, at, number + 1);
    }
    long word = word(number);
    memory.set(JAVA_LONG, word, memory.get(JAVA_LONG, word) | bit(number));
  }

  private long word(long number) {
    return at + 8 + ((number >> 6) % WORDS) * 8;
  }

  private static long bit(long number) {
    return 1L << (number & 63);
  }
}
