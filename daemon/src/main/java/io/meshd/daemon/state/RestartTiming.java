package io.meshd.daemon.state;

import io.meshd.api.Services;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Whether and when a task that ended by itself is followed by another: Swarm's policy, and more.
 * The leader's rule, and also that of a node which hears of no leader.
 */
public final class RestartTiming {
  private RestartTiming() {}

  /** Swarm's default (swarmkit api/defaults/service.go). */
  public static final Duration DEFAULT_DELAY = Duration.ofSeconds(5);

  /** A task that ran this long has not crashed in a loop. */
  public static final Duration STABLE = Duration.ofSeconds(60);

  public static final Duration LONGEST = Duration.ofSeconds(60);

  /**
   * The wait before the next try. The first two ends in a row wait as the policy says, as in Swarm;
   * from the third on the wait doubles, from at least a second, up to a minute (or the policy's
   * delay, where that is longer).
   *
   * @param quickEnds ends in a row, the last one included, each within {@link #STABLE}
   */
  public static Duration delay(Duration policy, int quickEnds) {
    if (quickEnds <= 2) {
      return policy;
    }
    Duration base = policy.compareTo(Duration.ofSeconds(1)) < 0 ? Duration.ofSeconds(1) : policy;
    Duration longest = policy.compareTo(LONGEST) > 0 ? policy : LONGEST;
    Duration doubled = base.multipliedBy(1L << Math.min(quickEnds - 2, 16));
    return doubled.compareTo(longest) > 0 ? longest : doubled;
  }

  /** The wait after the newest of a slot's tasks. */
  public static Duration delay(List<TaskRecord> newestFirst, Instant now) {
    int quick = 0;
    long specVersion = newestFirst.getFirst().specVersion();
    for (TaskRecord task : newestFirst) {
      if (task.specVersion() != specVersion || !endedByItself(task) || !quick(task, now)) {
        break;
      }
      quick++;
    }
    Services.RestartPolicy policy = newestFirst.getFirst().spec().restartPolicy();
    return delay(
        policy == null || policy.delay() == null ? DEFAULT_DELAY : Duration.ofNanos(policy.delay()),
        quick);
  }

  private static boolean quick(TaskRecord task, Instant now) {
    Instant end = Times.parse(task.status().timestamp(), now);
    Instant start = Times.parse(task.createdAt(), now);
    return Duration.between(start, end).compareTo(STABLE) < 0;
  }

  public static boolean endedByItself(TaskRecord task) {
    return switch (task.status().state()) {
      case COMPLETE, FAILED, REJECTED -> true;
      case NEW,
          PENDING,
          ASSIGNED,
          ACCEPTED,
          PREPARING,
          READY,
          STARTING,
          RUNNING,
          SHUTDOWN,
          REMOVE,
          ORPHANED ->
          false;
    };
  }

  /** The policy's condition and attempts for the newest of a slot's tasks, which has ended. */
  public static boolean allowed(List<TaskRecord> newestFirst, Instant now) {
    TaskRecord ended = newestFirst.getFirst();
    Services.RestartPolicy policy = ended.spec().restartPolicy();
    if (policy == null) {
      return true;
    }
    if ("none".equals(policy.condition())) {
      return false;
    }
    if ("on-failure".equals(policy.condition()) && ended.status().state() == TaskState.COMPLETE) {
      return false;
    }
    long most = policy.maxAttempts() == null ? 0 : policy.maxAttempts();
    return most == 0 || restarts(newestFirst, policy.window(), now) < most;
  }

  /** Tries that were followed by another, of the same spec, within the window if there is one. */
  private static long restarts(List<TaskRecord> newestFirst, @Nullable Long window, Instant now) {
    Instant since =
        window == null || window == 0 ? Instant.MIN : now.minus(Duration.ofNanos(window));
    long specVersion = newestFirst.getFirst().specVersion();
    return newestFirst.stream()
        .skip(1)
        .filter(task -> task.specVersion() == specVersion)
        .filter(RestartTiming::endedByItself)
        .filter(task -> Times.parse(task.status().timestamp(), now).isAfter(since))
        .count();
  }
}
