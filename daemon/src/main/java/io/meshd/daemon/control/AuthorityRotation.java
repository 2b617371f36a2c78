package io.meshd.daemon.control;

import io.meshd.api.Nodes;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.security.ClusterCa;
import io.meshd.daemon.security.JoinToken;
import io.meshd.daemon.security.Pem;
import io.meshd.daemon.state.Authority;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.Outcome;
import io.meshd.daemon.state.StateListener;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How the cluster's CA is replaced while everything runs (as swarmkit's ca/reconciler.go does it):
 *
 * <pre>
 *   a new root is in the state beside the old, and its key signed by the old
 *   every node trusts both                              {@link AuthorityFollower}
 *   every node renews, its certificate of the new root  {@link CertificateRenewal}
 *   every node says so                                  {@link SelfDescription}
 *   the leader puts the new root in the place of the old, with new join tokens   here
 *   every node trusts the new one alone
 * </pre>
 *
 * Until the last node has said so, one that is away included, both roots are trusted; a node that
 * will not come back has to be removed.
 */
public final class AuthorityRotation implements StateListener {
  private static final Logger LOG = LoggerFactory.getLogger(AuthorityRotation.class);

  /** Between tries, where something else changed the cluster at the same time. */
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final Supplier<@Nullable Proposer> proposer;
  private final AtomicBoolean finishing = new AtomicBoolean();

  /** {@code proposer}: null while this node does not lead. */
  public AuthorityRotation(Supplier<@Nullable Proposer> proposer) {
    this.proposer = proposer;
  }

  /**
   * The authority to come.
   *
   * @param old as the state has it, with its key
   * @param certificate PEM, null for a new one; {@code key} comes with it
   * @throws ApiException 400 in words when certificate or key cannot be used
   */
  public static Authority.Next next(
      Authority old, @Nullable String certificate, @Nullable String key) {
    String oldKey = old.key();
    if (oldKey == null) {
      throw new ApiException(500, "this node does not have the key of the cluster's CA");
    }
    try {
      ClusterCa signing = ClusterCa.of(old.root(), oldKey);
      ClusterCa next;
      if (certificate == null) {
        next = ClusterCa.create();
      } else if (key == null) {
        throw new ApiException(400, "a CA certificate needs the CA's key: --ca-key");
      } else {
        next = ClusterCa.given(certificate, key);
      }
      return new Authority.Next(next.rootPem(), next.keyPem(), Pem.of(signing.crossSign(next)));
    } catch (IOException e) {
      throw new ApiException(400, "invalid CA: " + e.getMessage());
    }
  }

  @Override
  public void onState(ClusterState state) {
    if (isComplete(state) && proposer.get() != null && finishing.compareAndSet(false, true)) {
      Thread.ofVirtual().name("authority-rotation").start(this::finish);
    }
  }

  private static boolean isComplete(ClusterState state) {
    ClusterRecord cluster = state.cluster();
    Authority authority = cluster == null ? null : cluster.authority();
    Authority.Next next = authority == null ? null : authority.next();
    if (next == null) {
      return false;
    }
    String issuer = Authorities.info(next.root(), next.root()).certIssuerPublicKey();
    return state.nodes().values().stream()
        .map(node -> node.description().tlsInfo())
        .allMatch(info -> info != null && info.certIssuerPublicKey().equals(issuer));
  }

  /** For the leader, whenever one begins to lead too. Blocks. */
  public void finish() {
    try {
      while (!finished()) {
        Thread.sleep(PAUSE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      finishing.set(false);
    }
  }

  /** Whether there is nothing left to do, or not for this node. */
  private boolean finished() {
    Proposer leading = proposer.get();
    ClusterState state = leading == null ? ClusterState.empty() : leading.state();
    ClusterRecord cluster = state.cluster();
    if (leading == null || cluster == null || !isComplete(state)) {
      return true;
    }
    ClusterCa ca = Authorities.signing(state);
    Outcome outcome =
        leading.propose(
            new Command.FinishAuthority(
                Instant.now().toString(),
                cluster.version(),
                JoinToken.create(ca.root()).toString(),
                JoinToken.create(ca.root()).toString()));
    LOG.info("every node has a certificate of the new CA: {}", outcome);
    return outcome instanceof Outcome.Done;
  }

  /** What nodes are to show once the rotation is over. */
  public static Nodes.TlsInfo wanted(Authority authority) {
    Authority.Next next = authority.next();
    String root = next == null ? authority.root() : next.root();
    return Authorities.info(root, root);
  }
}
