package io.meshd.daemon.tasks;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;

/**
 * When a task that is to end may be told so: once it has no connection left, and never later than
 * its limit. A task that takes part in no one's traffic has nothing to wait for.
 *
 * <pre>
 *   0 ........ SETTLE ................................ limit
 *   others hear   as soon as no connection is left      with connections
 *   of it
 * </pre>
 *
 * The limit is the task's stop grace period; what it needs after its stop signal it gets on top.
 */
public final class Drain {
  /** Within it every node has heard that the task takes no new flow. */
  static final Duration SETTLE = Duration.ofSeconds(1);

  public static final Duration LOOK = Duration.ofMillis(100);

  private final long limitNanos;
  private final long startNanos;

  /**
   * @param since when it began, perhaps under an earlier daemon
   * @param limitNanos how long it may take
   */
  private Drain(Instant since, long limitNanos) {
    this.limitNanos = limitNanos;
    long gone = Math.max(0, Duration.between(since, Instant.now()).toNanos());
    this.startNanos = System.nanoTime() - gone;
  }

  /** Of a task that is {@linkplain StoredTask#draining draining}. */
  public static Drain of(StoredTask stored) {
    Instant since = Instant.parse(Objects.requireNonNull(stored.drainingSince()));
    return new Drain(since, stored.task().stopGraceNanos());
  }

  public boolean over(TaskSockets sockets) {
    return over(System.nanoTime() - startNanos, limitNanos, sockets);
  }

  static boolean over(long elapsedNanos, long limitNanos, TaskSockets sockets) {
    return sockets.servesNobody()
        || elapsedNanos >= limitNanos
        || (elapsedNanos >= SETTLE.toNanos() && sockets.connections() == 0);
  }
}
