package io.meshd.daemon.control;

import io.meshd.daemon.security.IdentityStore;
import io.meshd.daemon.security.UnlockKey;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.StateListener;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a manager's keys locked by the unlock key of the state. A manager that was away opens with
 * the key of the time when it was last there, and follows once it knows the newest state.
 */
public final class ManagerLock implements StateListener {
  private static final Logger LOG = LoggerFactory.getLogger(ManagerLock.class);

  private final IdentityStore store;

  public ManagerLock(IdentityStore store) {
    this.store = store;
  }

  /** A new unlock key as the state has it. */
  public static String newKey() {
    return UnlockKey.drawn().toString();
  }

  /** {@code state}: one that is known to be the cluster's, not what a log begins again with. */
  @Override
  public void onState(ClusterState state) {
    ClusterRecord cluster = state.cluster();
    if (cluster == null) {
      return;
    }
    try {
      String key = cluster.unlockKey();
      if (store.lock(key == null ? null : UnlockKey.parse(key))) {
        LOG.info(
            key == null
                ? "this manager starts without the unlock key from now on"
                : "this manager needs the swarm's present unlock key when it starts again");
      }
    } catch (IOException | IllegalArgumentException e) {
      LOG.error("the keys of this manager cannot be locked anew: {}", e.getMessage());
    }
  }
}
