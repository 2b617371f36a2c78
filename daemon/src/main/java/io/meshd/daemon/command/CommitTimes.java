package io.meshd.daemon.command;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;

/** How long proposals waited until a majority had them on disk. Any thread. */
public final class CommitTimes {
  private static final double[] BOUNDS = {
    .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, Double.POSITIVE_INFINITY
  };

  private final AtomicLongArray counts = new AtomicLongArray(BOUNDS.length);
  private final LongAdder nanos = new LongAdder();

  /**
   * What was counted, at one moment.
   *
   * @param bounds upper ones in seconds, inclusive; the last is infinite
   * @param counts of each bucket alone
   * @param seconds sum of all
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody, changed by nobody
  public record Reading(double[] bounds, long[] counts, double seconds) {}

  void took(long nanoseconds) {
    nanos.add(nanoseconds);
    int bucket = 0;
    while (nanoseconds / 1e9 > BOUNDS[bucket]) {
      bucket++;
    }
    counts.incrementAndGet(bucket);
  }

  public Reading read() {
    long[] now = new long[BOUNDS.length];
    for (int i = 0; i < now.length; i++) {
      now[i] = counts.get(i);
    }
    return new Reading(BOUNDS.clone(), now, nanos.sum() / 1e9);
  }
}
