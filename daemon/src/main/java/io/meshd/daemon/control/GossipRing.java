package io.meshd.daemon.control;

import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.Outcome;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The keys that gossip is encrypted with, as managers make them. */
public final class GossipRing {
  private static final Logger LOG = LoggerFactory.getLogger(GossipRing.class);
  private static final int KEY_BYTES = 32;

  private GossipRing() {}

  /** For AES-256, base64. */
  static String newKey() {
    byte[] key = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(key);
    return Base64.getEncoder().encodeToString(key);
  }

  /** Gives a cluster that an older daemon began its first key. For the leader; blocks. */
  public static void ensure(Proposer leading) {
    ClusterRecord cluster = leading.state().cluster();
    if (cluster == null || !cluster.gossipKeys().isEmpty()) {
      return;
    }
    Outcome outcome =
        leading.propose(
            new Command.SetGossipKeys(
                Instant.now().toString(), cluster.version(), List.of(newKey())));
    LOG.info("the cluster has its first gossip key: {}", outcome);
  }
}
