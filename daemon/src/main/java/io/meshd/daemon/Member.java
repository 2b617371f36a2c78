package io.meshd.daemon;

import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.control.ControlRoutes;
import io.meshd.daemon.control.LeaderForwarder;
import io.meshd.daemon.control.Managers;
import io.meshd.daemon.metrics.Readings;
import io.meshd.daemon.reconcile.TaskReports;
import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.StateListener;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What being a member of a cluster brings, by the node's role: where the state comes from. What
 * only a manager has is absent unless it says otherwise.
 */
sealed interface Member extends AutoCloseable permits ManagerMember, WorkerMember, LockedMember {

  NodeIdentity identity();

  /** What this node shows as its own, renewed while it runs. */
  NodeCredentials credentials();

  ClusterState state();

  /** Tells the newest state at once, where there is one, and every later one, in order. */
  void subscribe(StateListener listener);

  /** The state is the cluster's and not an old one. */
  boolean upToDate();

  /** Whether the old state is all there is, so long after the start. */
  boolean onItsOwn(Duration waited);

  /** Begins its work. */
  void start();

  /** Null where this node does not lead. */
  default @Nullable Proposer proposer() {
    return null;
  }

  /** Of the ways between managers, name to value. */
  default Map<String, Long> counters() {
    return Map.of();
  }

  /** The managers' log as this node sees it; null where it has no part in it. */
  default Readings.@Nullable Log log() {
    return null;
  }

  /** Takes calls to whoever leads. */
  LeaderForwarder forwarder();

  /** The managers as the leader sees them, or null where this node does not lead. */
  default @Nullable Managers managersSeen() {
    return null;
  }

  /**
   * A certificate from another manager, in the role that the state gives this node.
   *
   * @param request PKCS #10 as PEM
   */
  X509Certificate askCertificate(String request) throws IOException, InterruptedException;

  /** Null where this node is no manager. */
  default @Nullable ControlRoutes controlRoutes() {
    return null;
  }

  /** Host:port, or null while it is unknown. */
  @Nullable String leaderAddress();

  /** Control addresses of all managers. */
  List<String> managers();

  /** What is wrong with the membership, in words, or empty. */
  String error();

  /** Where this node's tasks report. */
  TaskReports.Sink reports();

  /** Tells the others, as far as they hear it, that this daemon ends and its tasks do not. */
  void sayPause();

  /** Tells the others, as far as they hear it, that this node goes for good. */
  void sayGoodbye();

  @Override
  void close();
}
