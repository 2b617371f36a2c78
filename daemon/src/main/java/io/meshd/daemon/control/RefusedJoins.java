package io.meshd.daemon.control;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * How many were not let in, and which of them leave a line in the audit log: a burst, then few, so
 * that whoever floods the door with guesses does not flood the log. The next line says how many
 * left none.
 */
final class RefusedJoins {
  private static final int BURST = 10;
  private static final Duration PER_LINE = Duration.ofSeconds(6);

  private final LongSupplier nanoTime;
  private double lines = BURST;
  private long filledAt;
  private long unsaid;
  private long tokens;
  private long others;

  RefusedJoins(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.filledAt = nanoTime.getAsLong();
  }

  /**
   * One more was refused.
   *
   * @param token because of its token
   * @return how many left no line since the last one that did; negative when this one is to leave
   *     none either
   */
  synchronized long note(boolean token) {
    if (token) {
      tokens++;
    } else {
      others++;
    }
    long now = nanoTime.getAsLong();
    lines = Math.min(BURST, lines + (double) (now - filledAt) / PER_LINE.toNanos());
    filledAt = now;
    if (lines < 1) {
      unsaid++;
      return -1;
    }
    lines--;
    long before = unsaid;
    unsaid = 0;
    return before;
  }

  /** With a token that is none, or none any more. */
  synchronized long tokens() {
    return tokens;
  }

  synchronized long others() {
    return others;
  }
}
