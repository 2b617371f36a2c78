package io.meshd.daemon.reconcile;

import io.meshd.daemon.linux.NodeNamespace;
import io.meshd.daemon.state.Attachment;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.EndpointRecord;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.NodeAddress;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.dataplane.DataKey;
import io.meshd.dataplane.ForwardingSpec;
import io.meshd.dataplane.ForwardingSpec.Address;
import io.meshd.dataplane.ForwardingSpec.LocalPort;
import io.meshd.dataplane.ForwardingSpec.NodePort;
import io.meshd.dataplane.ForwardingSpec.RemoteEndpoint;
import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.Ipv6Address;
import io.meshd.dataplane.MacAddress;
import io.meshd.ipam.AddressPairs;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * From what the cluster agreed on to what one node's switch is to know. Pure; the same state gives
 * the same tables in the same order.
 */
public final class ForwardingCompiler {
  private static final Ipv4Address RESOLVER = Ipv4Address.parse(NodeNamespace.RESOLVER);

  private final ClusterState state;
  private final String nodeId;
  private final Map<String, Parts> byNetwork = new HashMap<>();
  private final Map<String, Optional<AddressPairs>> pairs = new HashMap<>();
  private final VirtualServiceCompiler services;
  private final PreservedCompiler preserved;

  private static final class Parts {
    final List<LocalPort> ports = new ArrayList<>();
    final List<RemoteEndpoint> remotes = new ArrayList<>();
    final Set<Ipv4Address> vteps = new TreeSet<>(Comparator.comparingInt(Ipv4Address::bits));
  }

  private ForwardingCompiler(ClusterState state, String nodeId, PreservedPorts ports) {
    this.state = state;
    this.nodeId = nodeId;
    services = new VirtualServiceCompiler(state);
    preserved = new PreservedCompiler(state, ports);
  }

  /**
   * The tables of a node: the networks that it has a task, an endpoint or an address of its own on.
   *
   * @param hasPlaceHere of this node's tasks, which are to be forwarded for: {@link
   *     TaskRecord#reachable} and what this node knows better
   */
  public static ForwardingSpec compile(
      ClusterState state, String nodeId, Predicate<TaskRecord> hasPlaceHere) {
    return compile(state, nodeId, hasPlaceHere, PreservedPorts.of(state));
  }

  /**
   * The same.
   *
   * @param ports that keep their clients' addresses, or did until just now
   */
  static ForwardingSpec compile(
      ClusterState state, String nodeId, Predicate<TaskRecord> hasPlaceHere, PreservedPorts ports) {
    return new ForwardingCompiler(state, nodeId, ports).compile(hasPlaceHere);
  }

  private ForwardingSpec compile(Predicate<TaskRecord> hasPlaceHere) {
    for (TaskRecord task : state.tasks().values()) {
      if (task.nodeId().equals(nodeId)) {
        if (hasPlaceHere.test(task)) {
          task.attachments().forEach(a -> local(PortNames.task(task.id(), a.networkId()), a));
        }
      } else if (!task.nodeId().isEmpty() && !task.status().state().terminal()) {
        // Also one that is being ended: its connections are to be closed, not to hang.
        task.attachments().forEach(a -> remote(task.nodeId(), a, false));
      }
    }
    for (EndpointRecord endpoint : state.endpoints().values()) {
      if (endpoint.nodeId().equals(nodeId)) {
        local(PortNames.endpoint(endpoint.id()), endpoint.attachment());
      } else {
        remote(endpoint.nodeId(), endpoint.attachment(), false);
      }
    }
    Map<String, Address> own = new HashMap<>();
    for (NodeAddress address : state.nodeAddresses().values()) {
      Attachment attachment = address.attachment();
      if (address.nodeId().equals(nodeId)) {
        own.put(attachment.networkId(), nodeAddress(attachment));
      } else {
        remote(address.nodeId(), attachment, true);
      }
    }
    return new ForwardingSpec(
        state.networks().values().stream()
            .filter(n -> own.containsKey(n.id()) || !parts(n.id()).ports.isEmpty())
            .sorted(Comparator.comparing(NetworkRecord::id))
            .map(n -> network(n, own))
            .toList(),
        dataKeys());
  }

  private List<DataKey> dataKeys() {
    ClusterRecord cluster = state.cluster();
    return cluster == null
        ? List.of()
        : cluster.dataKeys().stream()
            .map(key -> new DataKey(Base64.getDecoder().decode(key)))
            .toList();
  }

  private ForwardingSpec.Network network(NetworkRecord network, Map<String, Address> own) {
    Ipv4Address gateway = Ipv4Address.parse(network.gateway());
    Parts parts = parts(network.id());
    parts.ports.sort(Comparator.comparing(LocalPort::port));
    parts.remotes.sort(
        Comparator.comparingInt((RemoteEndpoint r) -> r.address().ip().bits())
            .thenComparingInt(r -> r.vtep().bits()));
    return new ForwardingSpec.Network(
        network.id(),
        network.name(),
        network.vni(),
        gateway,
        new NodePort(
            PortNames.node(network.id()),
            macOf(gateway),
            own.get(network.id()),
            network.ingress() ? List.of() : List.of(RESOLVER)),
        List.copyOf(parts.ports),
        List.copyOf(parts.remotes),
        List.copyOf(parts.vteps),
        network.ingress(),
        services.on(network.id()),
        preserved.on(network.id()),
        network.encrypted());
  }

  private void local(String port, Attachment attachment) {
    parts(attachment.networkId()).ports.add(new LocalPort(port, address(attachment)));
  }

  private void remote(String otherNode, Attachment attachment, boolean node) {
    NodeRecord record = state.nodes().get(otherNode);
    if (record == null) {
      return; // it left; its tasks are about to be removed
    }
    Ipv4Address vtep = Ipv4Address.parse(record.vtep());
    Parts parts = parts(attachment.networkId());
    Address address = node ? nodeAddress(attachment) : address(attachment);
    parts.remotes.add(new RemoteEndpoint(address, vtep, node));
    parts.vteps.add(vtep);
  }

  private Parts parts(String networkId) {
    return byNetwork.computeIfAbsent(networkId, id -> new Parts());
  }

  /** A node asks over IPv4 alone. */
  private static Address nodeAddress(Attachment attachment) {
    return new Address(Ipv4Address.parse(attachment.address()), MacAddress.parse(attachment.mac()));
  }

  private Address address(Attachment attachment) {
    Ipv4Address ip = Ipv4Address.parse(attachment.address());
    Ipv6Address ipv6 =
        pairs(attachment.networkId())
            .map(pairs -> pairs.ipv6Of(ip.bits()))
            .map(address -> new Ipv6Address(address.high(), address.low()))
            .orElse(null);
    return new Address(ip, MacAddress.parse(attachment.mac()), ipv6);
  }

  private Optional<AddressPairs> pairs(String networkId) {
    return pairs.computeIfAbsent(
        networkId, id -> Optional.ofNullable(state.networks().get(id)).map(NetworkRecord::pairs));
  }

  /** 02:42 and the address. */
  static MacAddress macOf(Ipv4Address address) {
    return new MacAddress(0x0242_0000_0000L | (address.bits() & 0xffff_ffffL));
  }
}
