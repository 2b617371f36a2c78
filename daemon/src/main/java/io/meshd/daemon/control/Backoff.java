package io.meshd.daemon.control;

import java.time.Duration;

/** Pauses between tries: 0.1 s, doubling to 2 s. */
final class Backoff {
  private static final Duration LEAST = Duration.ofMillis(100);
  private static final Duration MOST = Duration.ofSeconds(2);

  private Duration next = LEAST;

  Duration next() {
    Duration pause = next;
    Duration doubled = pause.multipliedBy(2);
    next = doubled.compareTo(MOST) > 0 ? MOST : doubled;
    return pause;
  }

  void reset() {
    next = LEAST;
  }
}
