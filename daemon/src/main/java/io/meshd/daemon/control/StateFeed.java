package io.meshd.daemon.control;

import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.StateListener;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * The states of a manager as its watchers are to see them: redacted, the newest to wait for, and
 * the last {@value #KEPT} so that a watcher that was away for a moment gets a delta. States share
 * what did not change, so the old ones cost little.
 */
public final class StateFeed implements StateListener {
  private static final int KEPT = 128;

  private final Deque<ClusterState> recent = new ArrayDeque<>();
  private ClusterState current = ClusterState.empty();

  @Override
  public synchronized void onState(ClusterState state) {
    current = state.redacted();
    recent.addFirst(current);
    if (recent.size() > KEPT) {
      recent.removeLast();
    }
    notifyAll();
  }

  synchronized ClusterState current() {
    return current;
  }

  /** That version, or null when it is not kept any more. */
  synchronized @Nullable ClusterState at(long version) {
    Iterator<ClusterState> each = recent.iterator();
    while (each.hasNext()) {
      ClusterState state = each.next();
      if (state.version() == version) {
        return state;
      }
    }
    return null;
  }

  /** The newest state once it is another than that version, or as it is after the limit. */
  synchronized ClusterState awaitOtherThan(long version, Duration limit)
      throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    while (current.version() == version) {
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        break;
      }
      wait(left);
    }
    return current;
  }
}
