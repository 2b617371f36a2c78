package io.meshd.dataplane.lb;

/**
 * When a backend that refuses connections is tried again: left out for 1 s after the first failure,
 * and twice as long after each further one, up to 30 s; one that connects is as good as new.
 * Failures while it is left out, of connections begun before, do not add up. Thread-safe.
 */
final class Ejection {
  private static final long FIRST_MILLIS = 1000;
  private static final long LONGEST_MILLIS = 30_000;

  private volatile int failures;
  private volatile long untilMillis;

  static long backOffMillis(int failures) {
    return Math.min(LONGEST_MILLIS, FIRST_MILLIS << Math.min(failures - 1, 10));
  }

  /**
   * A connection failed.
   *
   * @return whether it is left out from now on
   */
  synchronized boolean failed(long nowMillis) {
    if (isOut(nowMillis)) {
      return false;
    }
    failures = failures + 1;
    untilMillis = nowMillis + backOffMillis(failures);
    return true;
  }

  /** A connection was made. */
  void connected() {
    if (failures != 0) {
      reset();
    }
  }

  synchronized void reset() {
    failures = 0;
    untilMillis = 0;
  }

  boolean isOut(long nowMillis) {
    return failures != 0 && nowMillis < untilMillis;
  }
}
