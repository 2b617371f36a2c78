package io.meshd.daemon.control;

import io.meshd.daemon.http.Doorkeeper;
import io.meshd.daemon.http.TurnedAway;
import io.meshd.daemon.security.CertifiedNode;
import io.meshd.daemon.security.NodeRole;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.StateListener;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.security.cert.X509Certificate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.pcollections.PMap;

/**
 * Who may speak on :2377, by the newest state that this node has: a certificate is good for years
 * in the eyes of its CA, and a node that was removed keeps it.
 */
public final class NodeDoor implements Doorkeeper {
  private static final int FORBIDDEN = 403;

  private final Supplier<ClusterState> state;

  /** {@code state}: while it is empty, a certificate is taken at its word. */
  public NodeDoor(Supplier<ClusterState> state) {
    this.state = state;
  }

  /** Runs the action when other nodes may speak than before. */
  public static StateListener onChange(Runnable action) {
    return new StateListener() {
      private @Nullable PMap<String, NodeRecord> nodes;

      // States share what did not change.
      @SuppressWarnings("ReferenceEquality")
      @Override
      public void onState(ClusterState state) {
        if (state.nodes() != nodes) {
          nodes = state.nodes();
          action.run();
        }
      }
    };
  }

  @Override
  public Verdict judge(X509Certificate certificate) {
    CertifiedNode shown;
    try {
      // A session that is resumed after the certificate's end shows it still.
      certificate.checkValidity();
      shown = CertifiedNode.of(certificate);
    } catch (CertificateExpiredException | CertificateNotYetValidException e) {
      return new Verdict.Refused(
          TurnedAway.CERTIFICATE_EXPIRED, FORBIDDEN, "the certificate's time is over");
    } catch (CertificateException e) {
      return new Verdict.Refused(
          TurnedAway.CERTIFICATE_FOREIGN, FORBIDDEN, String.valueOf(e.getMessage()));
    }
    ClusterState now = state.get();
    ClusterRecord cluster = now.cluster();
    if (cluster == null) {
      return new Verdict.Member(shown.nodeId(), shown.role().word());
    }
    // swarmkit ca/auth.go
    if (!cluster.id().equals(shown.clusterId())) {
      return new Verdict.Refused(
          TurnedAway.CERTIFICATE_FOREIGN,
          FORBIDDEN,
          "Permission denied: remote certificate not part of organization: " + cluster.id());
    }
    NodeRecord node = now.nodes().get(shown.nodeId());
    if (node == null) {
      return new Verdict.Refused(
          TurnedAway.NOT_A_MEMBER,
          FORBIDDEN,
          "Permission denied: node " + shown.nodeId() + " was removed from swarm");
    }
    boolean manager = node.manager() && shown.role() == NodeRole.MANAGER;
    return new Verdict.Member(
        shown.nodeId(), (manager ? NodeRole.MANAGER : NodeRole.WORKER).word());
  }
}
