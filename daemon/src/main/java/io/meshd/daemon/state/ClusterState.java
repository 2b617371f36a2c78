package io.meshd.daemon.state;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;

/**
 * One version of everything the cluster agreed on. Immutable; the next version shares what did not
 * change, so two versions are compared entry by entry by reference.
 *
 * @param version counts applied changes; 0 is the empty state before the cluster exists
 * @param nodeAddresses by {@link NodeAddress#key}
 * @param allocation what is handed out and what comes next, as {@code ipam} needs it; empty on
 *     nodes that only watch
 */
public record ClusterState(
    long version,
    @Nullable ClusterRecord cluster,
    PMap<String, NodeRecord> nodes,
    PMap<String, NetworkRecord> networks,
    PMap<String, ServiceRecord> services,
    PMap<String, TaskRecord> tasks,
    PMap<String, EndpointRecord> endpoints,
    PMap<String, NodeAddress> nodeAddresses,
    Allocation allocation) {

  private static final ClusterState EMPTY =
      new ClusterState(
          0,
          null,
          HashTreePMap.empty(),
          HashTreePMap.empty(),
          HashTreePMap.empty(),
          HashTreePMap.empty(),
          HashTreePMap.empty(),
          HashTreePMap.empty(),
          Allocation.EMPTY);

  /** Version 0: no cluster yet. */
  public static ClusterState empty() {
    return EMPTY;
  }

  /**
   * What a node other than a manager is sent: no join tokens, no key of the CA, and nothing of the
   * allocators, which only the state machine needs. Which registries' credentials it is sent,
   * {@link RegistryAuths} says.
   */
  public ClusterState redacted() {
    return new ClusterState(
        version,
        cluster == null ? null : cluster.redacted(),
        nodes,
        networks,
        services,
        tasks,
        endpoints,
        nodeAddresses,
        Allocation.EMPTY);
  }

  /** The same version with an earlier one's rings of keys: what a node hears last that is none. */
  public ClusterState withKeysOf(ClusterState earlier) {
    return earlier.cluster == null
        ? this
        : withKeys(earlier.cluster.gossipKeys(), earlier.cluster.dataKeys());
  }

  /** The same version with these rings of keys. */
  public ClusterState withKeys(List<String> gossipKeys, List<String> dataKeys) {
    return new ClusterState(
        version,
        cluster == null ? null : cluster.withKeys(gossipKeys, dataKeys),
        nodes,
        networks,
        services,
        tasks,
        endpoints,
        nodeAddresses,
        allocation);
  }

  /** The same version with other entries: what one node is told. */
  ClusterState with(
      PMap<String, ServiceRecord> otherServices, PMap<String, TaskRecord> otherTasks) {
    return new ClusterState(
        version,
        cluster,
        nodes,
        networks,
        otherServices,
        otherTasks,
        endpoints,
        nodeAddresses,
        allocation);
  }

  /** The same version with other entries: what one node makes of it. */
  public ClusterState with(
      PMap<String, NodeRecord> otherNodes,
      PMap<String, TaskRecord> otherTasks,
      PMap<String, EndpointRecord> otherEndpoints) {
    return new ClusterState(
        version,
        cluster,
        otherNodes,
        networks,
        services,
        otherTasks,
        otherEndpoints,
        nodeAddresses,
        allocation);
  }
}
