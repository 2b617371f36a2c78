package io.meshd.daemon;

import io.meshd.daemon.control.StateCache;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.StateListener;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A manager's states as the node works by them: the one on disk at first, then the machine's. A
 * machine that starts again is behind what this node had seen already, until it has caught up with
 * the other managers; its states are passed on from there.
 *
 * <p>Listeners are told under this object's lock and take locks of their own. Whoever only looks
 * takes none: it may hold one that a listener waits for.
 */
final class StateRelay implements StateListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StateRelay.class);

  private final StateCache cache;
  private final List<StateListener> listeners = new ArrayList<>();
  private volatile ClusterState newest;
  private ClusterState behind = ClusterState.empty();
  private volatile boolean live;

  /** Loads the state on disk; {@code cache} is closed with this. */
  StateRelay(StateCache cache) {
    this.cache = cache;
    this.newest = cache.load();
  }

  @Override
  public synchronized void onState(ClusterState state) {
    if (live || state.version() >= newest.version()) {
      publish(state);
      behind = ClusterState.empty();
    } else {
      behind = state;
    }
  }

  /** The machine has all that was acknowledged: from now on, what it says is so. */
  synchronized void goLive() {
    if (!live) {
      live = true;
      if (behind.version() > 0 && behind.version() < newest.version()) {
        publish(behind);
      }
    }
  }

  boolean live() {
    return live;
  }

  ClusterState state() {
    return newest;
  }

  /** Tells the newest state at once, on the calling thread, and every later one, in order. */
  synchronized void subscribe(StateListener listener) {
    listeners.add(listener);
    if (newest.version() > 0) {
      listener.onState(newest);
    }
  }

  private void publish(ClusterState state) {
    newest = state;
    if (state.version() > 0) {
      cache.keep(state.redacted());
    }
    for (StateListener listener : listeners) {
      try {
        listener.onState(state);
      } catch (RuntimeException e) {
        LOG.error("a listener failed on version {}", state.version(), e);
      }
    }
  }

  @Override
  public void close() {
    cache.close();
  }
}
