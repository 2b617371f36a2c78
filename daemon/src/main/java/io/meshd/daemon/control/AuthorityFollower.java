package io.meshd.daemon.control;

import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.TrustedRoots;
import io.meshd.daemon.state.Authority;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.StateListener;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes this node trust whom the state says: on the disk first, then at every handshake. Is to hear
 * of a state before {@link CertificateRenewal} does.
 */
public final class AuthorityFollower implements StateListener {
  private static final Logger LOG = LoggerFactory.getLogger(AuthorityFollower.class);

  private final NodeCredentials credentials;
  private final Store store;

  /** Keeps what is to be there after a restart. */
  @FunctionalInterface
  public interface Store {
    void keep(TrustedRoots roots) throws IOException;
  }

  public AuthorityFollower(NodeCredentials credentials, Store store) {
    this.credentials = credentials;
    this.store = store;
  }

  @Override
  public void onState(ClusterState state) {
    ClusterRecord cluster = state.cluster();
    Authority authority = cluster == null ? null : cluster.authority();
    if (authority == null) {
      return;
    }
    try {
      TrustedRoots roots = Authorities.roots(authority);
      if (!roots.equals(credentials.roots())) {
        store.keep(roots);
        credentials.trust(roots);
        LOG.info(
            authority.next() == null
                ? "nodes with certificates of the cluster's CA are trusted"
                : "the cluster's CA is being replaced: certificates of both are trusted");
      }
    } catch (IOException e) {
      LOG.error("the cluster's CA in the state cannot be taken over: {}", e.getMessage());
    }
  }
}
