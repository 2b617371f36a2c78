package io.meshd.daemon;

import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.control.ControlRoutes;
import io.meshd.daemon.reconcile.TaskReports;
import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.StateListener;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What being a member of a cluster brings, by the node's role: where the state comes from. */
sealed interface Member extends AutoCloseable permits ManagerMember, WorkerMember {

  NodeIdentity identity();

  /** What this node shows as its own, renewed while it runs. */
  NodeCredentials credentials();

  ClusterState state();

  /** Tells the newest state at once, where there is one, and every later one, in order. */
  void subscribe(StateListener listener);

  /** Null where this node does not lead. */
  @Nullable Proposer proposer();

  /** Null where this node is no manager. */
  @Nullable ControlRoutes controlRoutes();

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
