package io.meshd.daemon.state;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.meshd.api.Networks;
import io.meshd.api.Nodes;
import io.meshd.api.Services;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A change to the state, as it stands in the log. Names and meanings are append-only: an old log
 * must mean the same to a newer meshd. {@code at} is the proposer's clock, RFC 3339.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Command.InitCluster.class, name = "init-cluster"),
  @JsonSubTypes.Type(value = Command.RotateToken.class, name = "rotate-token"),
  @JsonSubTypes.Type(value = Command.SetUnlockKey.class, name = "set-unlock-key"),
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
  @JsonSubTypes.Type(value = Command.AttachContainer.class, name = "attach-container"),
  @JsonSubTypes.Type(value = Command.NameContainers.class, name = "name-containers"),
  @JsonSubTypes.Type(value = Command.UpdateCluster.class, name = "update-cluster"),
  @JsonSubTypes.Type(value = Command.RequestKeyRotation.class, name = "request-key-rotation"),
  @JsonSubTypes.Type(value = Command.AdvanceKeyRotation.class, name = "advance-key-rotation"),
  @JsonSubTypes.Type(value = Command.RestoreState.class, name = "restore-state"),
  @JsonSubTypes.Type(value = Command.TakeOver.class, name = "take-over"),
  @JsonSubTypes.Type(value = Command.RotateAuthority.class, name = "rotate-authority"),
  @JsonSubTypes.Type(value = Command.FinishAuthority.class, name = "finish-authority"),
  @JsonSubTypes.Type(value = Command.DescribeNode.class, name = "describe-node"),
  @JsonSubTypes.Type(value = Command.AdoptNetwork.class, name = "adopt-network"),
  @JsonSubTypes.Type(value = Command.FollowServices.class, name = "follow-services"),
})
public sealed interface Command {

  /** RFC 3339 time of the proposal. */
  String at();

  /**
   * The lowest {@link CommandFormat} that knows what this means: a command of a later version, or
   * one with a field of a later version that is set, says so here.
   */
  default int format() {
    return CommandFormat.FIRST;
  }

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
      @Nullable String gossipKey,
      @Nullable String dataKey,
      @Nullable Authority authority)
      implements Command {}

  /** New keys for gossip and encrypted networks, as soon as the leader can. */
  record RequestKeyRotation(String at) implements Command {}

  /**
   * The next step of the rotation that is on its way ({@link KeyRotation}), or the first keys of
   * empty rings.
   *
   * @param version the cluster's {@code keysVersion} that the leader looked at
   * @param gossipKey a new one, 32 bytes as base64, for steps that take one; so is {@code dataKey}
   */
  record AdvanceKeyRotation(
      String at, long version, @Nullable String gossipKey, @Nullable String dataKey)
      implements Command {}

  /**
   * A piece of a state that was carried away, into a log that has no cluster yet. The last piece
   * brings the cluster's record and the allocators' memory; with it the restored version begins.
   */
  record RestoreState(String at, StateDelta part, @Nullable Allocation allocation)
      implements Command {}

  /**
   * This node is the only manager from here on, the others are workers: after a majority was lost,
   * or in a log that begins with a restored state. Versions go on far later, so that none of the
   * history before has the number of a new one.
   */
  record TakeOver(String at, String nodeId) implements Command {}

  /** {@code role}: worker or manager. */
  record RotateToken(String at, String role, String token) implements Command {}

  /** {@code key}: that managers' keys are locked with; null for none. */
  record SetUnlockKey(String at, @Nullable String key) implements Command {}

  /**
   * {@code version}: the cluster's version that the change is based on, or rejected. {@code
   * taskHistoryLimit}: tasks kept per slot, the running one included; negative for all. {@code
   * nodeCertExpiry}: nanoseconds that new certificates are valid, or null where that stays.
   */
  record UpdateCluster(String at, long version, int taskHistoryLimit, @Nullable Long nodeCertExpiry)
      implements Command {}

  /** {@code version}: of the cluster as it was when the next authority was made. */
  record RotateAuthority(String at, long version, Authority.Next next) implements Command {}

  /** The next authority takes the place of the one that is, with join tokens that name its root. */
  record FinishAuthority(String at, long version, String workerToken, String managerToken)
      implements Command {}

  /** What a node of the cluster says of itself. */
  record DescribeNode(String at, String nodeId, Nodes.NodeDescription description)
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

  record CreateNetwork(String at, String id, Networks.CreateRequest request) implements Command {
    @Override
    public int format() {
      return Boolean.TRUE.equals(request.enableIpv6())
          ? CommandFormat.IPV6_NETWORKS
          : CommandFormat.FIRST;
    }
  }

  /** {@code network}: ID, name or unambiguous ID prefix, as in every command below. */
  record RemoveNetwork(String at, String network) implements Command {}

  /** {@code registryAuth}: with what its image is pulled, or null. */
  record CreateService(
      String at, String id, Services.ServiceSpec spec, @Nullable RegistryAuth registryAuth)
      implements Command {
    /** Of an image that everybody may have. */
    public CreateService(String at, String id, Services.ServiceSpec spec) {
      this(at, id, spec, null);
    }

    @Override
    public int format() {
      return ServiceSpecs.format(spec);
    }
  }

  /**
   * {@code version}: the service's version that the change is based on, or rejected. {@code
   * rollback}: why this goes back to the previous spec, or null for any other change; {@code spec}
   * is then that spec. {@code registryAuth}: what takes the place of the credentials that there
   * are, or null: they stay, or go back with the spec.
   */
  record UpdateService(
      String at,
      String service,
      long version,
      Services.ServiceSpec spec,
      @Nullable String rollback,
      @Nullable RegistryAuth registryAuth)
      implements Command {
    /** With the credentials that there are. */
    public UpdateService(
        String at,
        String service,
        long version,
        Services.ServiceSpec spec,
        @Nullable String rollback) {
      this(at, service, version, spec, rollback, null);
    }

    @Override
    public int format() {
      return ServiceSpecs.format(spec);
    }
  }

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

  /**
   * An endpoint for a container of a node's Docker Engine.
   *
   * @param address wanted, or null for any
   */
  record AttachContainer(
      String at, String id, String nodeId, String network, @Nullable String address)
      implements Command {
    @Override
    public int format() {
      return CommandFormat.CONTAINERS;
    }
  }

  /** What a node's Engine calls its containers. */
  record NameContainers(String at, String nodeId, List<ContainerName> containers)
      implements Command {
    @Override
    public int format() {
      return CommandFormat.CONTAINERS;
    }
  }

  record ContainerName(String endpointId, String containerId, String name, List<String> aliases) {}

  /**
   * A network that a Docker Swarm made is carried here too. Once more for the same one changes
   * nothing.
   *
   * @param swarmId the Swarm's
   * @param name the Swarm's; where it is taken, the network is called by {@code swarmId}
   * @param gateway null for the first address
   */
  record AdoptNetwork(
      String at,
      String id,
      String swarmId,
      String name,
      String subnet,
      @Nullable String gateway,
      Map<String, String> options)
      implements Command {
    @Override
    public int format() {
      return CommandFormat.SWARM_NETWORKS;
    }
  }

  /** All services that the Docker Swarm has on one of its networks; the others are gone. */
  record FollowServices(String at, String network, List<SwarmNetwork.Service> services)
      implements Command {
    @Override
    public int format() {
      return CommandFormat.SWARM_NETWORKS;
    }
  }
}
