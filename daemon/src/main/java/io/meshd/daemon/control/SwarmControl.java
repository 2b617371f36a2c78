package io.meshd.daemon.control;

import io.meshd.api.Swarm;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.state.ClusterState;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** This node's membership: what {@code /swarm} and every forwarded call need. All calls block. */
public interface SwarmControl {

  /** moby daemon/cluster/errors.go. */
  String LOCKED =
      "Swarm is encrypted and needs to be unlocked before it can be used. Please use \"docker swarm"
          + " unlock\" to unlock it.";

  /**
   * Makes a cluster with this node as its only manager.
   *
   * @return the node's ID
   * @throws io.meshd.daemon.http.ApiException 503 when it is in a cluster already, 400 for a bad
   *     address or port
   */
  String init(Swarm.InitRequest request);

  void join(Swarm.JoinRequest request);

  /** {@code force}: also when this is the last manager and the cluster's state is lost with it. */
  void leave(boolean force);

  /**
   * Opens the keys of a locked manager, which goes on as one then.
   *
   * @param key as it was shown
   * @throws io.meshd.daemon.http.ApiException in Swarm's words: 409 when it is not locked, 400 for
   *     what is no such key, 401 for another one
   */
  void unlock(String key);

  /**
   * All that this manager needs to begin again on an empty disk, as a file with every secret of the
   * cluster.
   *
   * @throws io.meshd.daemon.http.ApiException 503 on a node that is no manager or does not lead
   */
  byte[] backup();

  /**
   * Makes this node the only manager of the cluster that the file holds.
   *
   * @param file as {@link #backup} made it
   * @return the node's ID
   * @throws io.meshd.daemon.http.ApiException 503 when it is in a cluster already, 400 for a file
   *     that cannot be used, in a sentence; nothing has changed then
   */
  String restore(byte[] file);

  Membership membership();

  /**
   * Waits, on a manager, until {@link #state} holds every change that was acknowledged before the
   * call; elsewhere, and where no leader is there, it is what this node knows.
   */
  void catchUp();

  /** The newest state this node has; its version is 0 when the node is in no cluster. */
  ClusterState state();

  /** Where commands go in, or null on a node that is no manager or not the leader. */
  @Nullable Proposer proposer();

  /** The leader's control address host:port, or null while it is unknown. */
  @Nullable String leaderAddress();

  /** The managers as the leader sees them, or null where this node does not lead. */
  @Nullable Managers managers();

  /**
   * @param localNodeState inactive, pending, active, error, locked
   * @param managers control addresses host:port
   */
  record Membership(
      String localNodeState,
      String nodeId,
      String nodeAddress,
      boolean manager,
      String clusterId,
      String error,
      List<String> managers) {}
}
