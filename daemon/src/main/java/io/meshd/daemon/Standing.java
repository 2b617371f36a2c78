package io.meshd.daemon;

import io.meshd.api.Nodes;
import io.meshd.daemon.control.StateCache;
import io.meshd.daemon.control.StateFiles;
import io.meshd.daemon.security.IdentityStore;
import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.security.NodeRole;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a node is in its cluster, and where it keeps that.
 *
 * @param credentials what it shows, whatever its role
 * @param description of this machine, its daemon and its Docker Engine, as they are now
 * @param files where the last state is kept
 * @param roleHeard told a role that this node is to have, where no state says it
 * @param logBroken run when the log's files cannot be used any more, so that it is to be opened
 *     again
 */
record Standing(
    NodeIdentity identity,
    NodeCredentials credentials,
    IdentityStore store,
    Supplier<Nodes.NodeDescription> description,
    StateFiles files,
    Consumer<NodeRole> roleHeard,
    Runnable logBroken) {
  private static final Logger LOG = LoggerFactory.getLogger(Standing.class);

  /** The same node in another role. */
  Standing as(NodeIdentity other) {
    return new Standing(other, credentials, store, description, files, roleHeard, logBroken);
  }

  /** For the last state; without keys of the disk where those are locked. */
  StateCache cache() {
    return new StateCache(files, identity.locked() ? null : store.dataKeys(), identity.nodeId());
  }

  void keepManagers(List<String> known) {
    try {
      store.saveManagers(known);
    } catch (IOException e) {
      LOG.warn("the managers' addresses cannot be kept: {}", e.getMessage());
    }
  }
}
