package io.meshd.daemon.state;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The last of the states that somebody tells, for those who wait for one. */
public final class NewestState implements StateListener {
  private @Nullable ClusterState state;

  @Override
  public synchronized void onState(ClusterState next) {
    state = next;
    notifyAll();
  }

  /** Null before the first one. */
  public synchronized @Nullable ClusterState get() {
    return state;
  }

  /** Waits for one that is as wanted; false when none came in time. */
  public synchronized boolean await(Predicate<ClusterState> wanted, Duration limit)
      throws InterruptedException {
    long until = System.nanoTime() + limit.toNanos();
    while (state == null || !wanted.test(state)) {
      long left = until - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    return true;
  }
}
