package io.meshd.daemon.state;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.meshd.api.Networks;
import io.meshd.api.Nodes;
import io.meshd.api.Services;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A change to the state, as it stands in the log. Names and meanings are append-only: an old log
 * must mean the same to a newer meshd. {@code at} is the proposer's clock, RFC 3339.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Command.InitCluster.class, name = "init-cluster"),
  @JsonSubTypes.Type(value = Command.RotateToken.class, name = "rotate-token"),
  @JsonSubTypes.Type(value = Command.UpsertNode.class, name = "upsert-node"),
  @JsonSubTypes.Type(value = Command.SetNodeStatus.class, name = "set-node-status"),
  @JsonSubTypes.Type(value = Command.UpdateNodeSpec.class, name = "update-node-spec"),
  @JsonSubTypes.Type(value = Command.RemoveNode.class, name = "remove-node"),
  @JsonSubTypes.Type(value = Command.CreateNetwork.class, name = "create-network"),
  @JsonSubTypes.Type(value = Command.RemoveNetwork.class, name = "remove-network"),
  @JsonSubTypes.Type(value = Command.CreateService.class, name = "create-service"),
  @JsonSubTypes.Type(value = Command.UpdateService.class, name = "update-service"),
  @JsonSubTypes.Type(value = Command.SetUpdateStatus.class, name = "set-update-status"),
  @JsonSubTypes.Type(value = Command.RemoveService.class, name = "remove-service"),
  @JsonSubTypes.Type(value = Command.CreateTasks.class, name = "create-tasks"),
  @JsonSubTypes.Type(value = Command.AssignTasks.class, name = "assign-tasks"),
  @JsonSubTypes.Type(value = Command.SetDesiredState.class, name = "set-desired-state"),
  @JsonSubTypes.Type(value = Command.ReportTasks.class, name = "report-tasks"),
  @JsonSubTypes.Type(value = Command.RemoveTasks.class, name = "remove-tasks"),
  @JsonSubTypes.Type(value = Command.AttachEndpoint.class, name = "attach-endpoint"),
  @JsonSubTypes.Type(value = Command.DetachEndpoint.class, name = "detach-endpoint"),
  @JsonSubTypes.Type(value = Command.UpdateCluster.class, name = "update-cluster"),
  @JsonSubTypes.Type(value = Command.SetGossipKeys.class, name = "set-gossip-keys"),
  @JsonSubTypes.Type(value = Command.RestoreState.class, name = "restore-state"),
})
public sealed interface Command {

  /** RFC 3339 time of the proposal. */
  String at();

  /** First command of a log: the cluster, and the network {@code ingress}. */
  record InitCluster(
      String at,
      String clusterId,
      String ingressNetworkId,
      List<String> addressPools,
      int subnetSize,
      int dataPathPort,
      String workerToken,
      String managerToken,
      @Nullable String gossipKey)
      implements Command {}

  /**
   * The whole ring, the key that is sent with first.
   *
   * @param version of the cluster as it was when the ring was made
   * @param keys base64 of 16, 24 or 32 bytes, 1 to {@link ClusterRecord#MOST_GOSSIP_KEYS}
   */
  record SetGossipKeys(String at, long version, List<String> keys) implements Command {}

  /**
   * A piece of a state that was carried away, into a log that has no cluster yet. The last piece
   * brings the cluster's record and the allocators' memory; with it the restored version begins.
   */
  record RestoreState(String at, StateDelta part, @Nullable Allocation allocation)
      implements Command {}

  /** {@code role}: worker or manager. */
  record RotateToken(String at, String role, String token) implements Command {}

  /**
   * {@code version}: the cluster's version that the change is based on, or rejected. {@code
   * taskHistoryLimit}: tasks kept per slot, the running one included; negative for all. {@code
   * nodeCertExpiry}: nanoseconds that new certificates are valid, or null where that stays.
   */
  record UpdateCluster(String at, long version, int taskHistoryLimit, @Nullable Long nodeCertExpiry)
      implements Command {}

  /** A node joined, or came back with another address or description. Keeps an existing spec. */
  record UpsertNode(
      String at,
      String nodeId,
      Nodes.NodeSpec spec,
      Nodes.NodeDescription description,
      String vtep,
      String controlAddress)
      implements Command {}

  record SetNodeStatus(
      String at, String nodeId, NodeRecord.NodeState status, @Nullable String message)
      implements Command {}

  /** {@code version}: the node's version that the change is based on, or rejected. */
  record UpdateNodeSpec(String at, String nodeId, long version, Nodes.NodeSpec spec)
      implements Command {}

  record RemoveNode(String at, String nodeId, boolean force) implements Command {}

  record CreateNetwork(String at, String id, Networks.CreateRequest request) implements Command {}

  /** {@code network}: ID, name or unambiguous ID prefix, as in every command below. */
  record RemoveNetwork(String at, String network) implements Command {}

  record CreateService(String at, String id, Services.ServiceSpec spec) implements Command {}

  /**
   * {@code version}: the service's version that the change is based on, or rejected. {@code
   * rollback}: why this goes back to the previous spec, or null for any other change; {@code spec}
   * is then that spec.
   */
  record UpdateService(
      String at, String service, long version, Services.ServiceSpec spec, @Nullable String rollback)
      implements Command {}

  record SetUpdateStatus(String at, String serviceId, Services.UpdateStatus status)
      implements Command {}

  record RemoveService(String at, String service) implements Command {}

  /** New tasks of a service, made from its spec as it is when this is applied. */
  record CreateTasks(String at, String serviceId, List<NewTask> tasks) implements Command {}

  /** {@code nodeId} empty: pending, with {@code message} saying why. */
  record NewTask(
      String id, long slot, String nodeId, TaskState desiredState, @Nullable String message) {}

  /** Pending tasks that found a node. */
  record AssignTasks(String at, List<Assignment> assignments) implements Command {}

  record Assignment(String taskId, String nodeId) {}

  record SetDesiredState(String at, List<String> taskIds, TaskState desiredState)
      implements Command {}

  /** What nodes say of their tasks; a report about an unknown task is ignored. */
  record ReportTasks(String at, List<Report> reports) implements Command {}

  record Report(String taskId, TaskRecord.Status status) {}

  record RemoveTasks(String at, List<String> taskIds) implements Command {}

  record AttachEndpoint(
      String at,
      String id,
      String nodeId,
      String network,
      @Nullable String service,
      @Nullable String name,
      String netns,
      @Nullable String address)
      implements Command {}

  /** {@code endpoint}: ID, name or unambiguous ID prefix. */
  record DetachEndpoint(String at, String endpoint) implements Command {}
}
