package io.meshd.daemon.reconcile;

import io.meshd.daemon.linux.ReplyRoutes;
import io.meshd.daemon.state.Attachment;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.EndpointRecord;
import io.meshd.daemon.state.NodeAddress;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.dataplane.ForwardingSpec.NodeSlice;
import io.meshd.dataplane.ForwardingSpec.Preserved;
import io.meshd.dataplane.ForwardingSpec.PreservedTarget;
import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.PortSlice;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which ports of which tasks hear from clients under their own address, and through whom. Pure. */
final class PreservedCompiler {
  private static final int TCP = 6;
  private static final int UDP = 17;

  private final ClusterState state;
  private final PreservedPorts ports;
  private final Map<String, Set<PreservedTarget>> targets = new HashMap<>();

  PreservedCompiler(ClusterState state, PreservedPorts ports) {
    this.state = state;
    this.ports = ports;
    for (TaskRecord task : state.tasks().values()) {
      // One that drains keeps its connections.
      if (!task.attachments().isEmpty() && !task.status().state().terminal()) {
        add(task.serviceId(), task.attachments().getFirst());
      }
    }
    for (EndpointRecord endpoint : state.endpoints().values()) {
      if (endpoint.serviceId() != null) {
        add(endpoint.serviceId(), endpoint.attachment());
      }
    }
  }

  /** The slice of a node, or null when it has none. */
  static @Nullable PortSlice slice(NodeRecord node) {
    Integer number = node.number();
    return number == null || !PortSlice.exists(number) ? null : new PortSlice(number);
  }

  private void add(String serviceId, Attachment attachment) {
    for (ReplyRoutes.Port port : ports.ofService(serviceId)) {
      targets
          .computeIfAbsent(attachment.networkId(), id -> new HashSet<>())
          .add(
              new PreservedTarget(
                  Ipv4Address.parse(attachment.address()),
                  port.protocol().equals("udp") ? UDP : TCP,
                  port.number()));
    }
  }

  /** In an order that does not depend on how the state came about. */
  Preserved on(String networkId) {
    Set<PreservedTarget> wanted = targets.getOrDefault(networkId, Set.of());
    if (wanted.isEmpty()) {
      return Preserved.NONE;
    }
    List<NodeSlice> slices = new ArrayList<>();
    for (NodeAddress address : state.nodeAddresses().values()) {
      NodeRecord node = state.nodes().get(address.nodeId());
      PortSlice slice = node == null ? null : slice(node);
      if (slice != null && address.attachment().networkId().equals(networkId)) {
        slices.add(new NodeSlice(Ipv4Address.parse(address.attachment().address()), slice));
      }
    }
    slices.sort(Comparator.comparingInt(s -> s.slice().number()));
    return new Preserved(
        wanted.stream()
            .sorted(
                Comparator.comparingInt((PreservedTarget t) -> t.ip().bits())
                    .thenComparingInt(PreservedTarget::protocol)
                    .thenComparingInt(PreservedTarget::port))
            .toList(),
        slices);
  }
}
