package io.meshd.daemon.state;

import org.jspecify.annotations.Nullable;
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
    Allocation allocation) {}
