package io.meshd.daemon.rest;

import java.util.Collection;

/**
 * How far clocks are apart, by questions over the network (as NTP does, RFC 5905 section 8: the
 * answer was given half a round trip ago, more or less that half).
 */
final class ClockSkew {
  private ClockSkew() {}

  /**
   * One question.
   *
   * @param sent by the asker's clock, in milliseconds
   * @param answered by the other's
   * @param received by the asker's
   */
  record Reading(long sent, long answered, long received) {
    /** Milliseconds that the other is ahead of the asker. */
    long ahead() {
      return answered - (sent + received) / 2;
    }

    /** What {@link #ahead} may be wrong by. */
    long doubt() {
      return (received - sent + 1) / 2;
    }
  }

  /**
   * The time that most agree on: one wrong clock, be it the asker's, does not make the others
   * wrong. Of an even number of clocks the earlier of the two in the middle.
   *
   * @param readings of all clocks, the asker's too
   * @return milliseconds that it is ahead of the asker's
   */
  static long agreed(Collection<Reading> readings) {
    long[] ahead = readings.stream().mapToLong(Reading::ahead).sorted().toArray();
    return ahead.length == 0 ? 0 : ahead[(ahead.length - 1) / 2];
  }
}
