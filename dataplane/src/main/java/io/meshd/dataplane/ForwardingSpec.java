package io.meshd.dataplane;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything the switch of this node is to know, whole. Compiled into immutable tables and swapped
 * by reference; nothing is learned from traffic.
 */
public record ForwardingSpec(List<Network> networks) {

  public static final ForwardingSpec EMPTY = new ForwardingSpec(List.of());

  /**
   * One overlay network on this node.
   *
   * @param name for counters and logs
   * @param vni 24 bits (RFC 7348)
   * @param gateway the network's gateway address, answered by the node port of every node and never
   *     sent between nodes
   * @param nodePort the TAP in the node namespace, or null while this node needs none
   * @param ports local endpoints
   * @param remotes endpoints and node addresses behind other VTEPs
   * @param vteps all other nodes that have this network: where broadcasts go
   * @param nodeFlowsOnly as on ingress: only flows from a node address to an endpoint and their
   *     replies pass; endpoint to endpoint is dropped
   */
  public record Network(
      String id,
      String name,
      int vni,
      Ipv4Address gateway,
      @Nullable NodePort nodePort,
      List<LocalPort> ports,
      List<RemoteEndpoint> remotes,
      List<Ipv4Address> vteps,
      boolean nodeFlowsOnly) {}

  /**
   * The network's TAP in the node namespace. The device's MAC is the gateway's (02:42 + gateway);
   * the switch rewrites between it and the node address's own MAC, so that the node address is
   * distinct on the wire while the gateway's is the same on every node.
   *
   * @param port as given to {@link Dataplane#attachTap}
   * @param address this node's own address on the network, or null if it has none yet
   */
  public record NodePort(String port, MacAddress deviceMac, @Nullable Address address) {}

  /** A local endpoint; only frames with exactly this source MAC and IP are taken from its TAP. */
  public record LocalPort(String port, Address address) {}

  /**
   * What lies behind another VTEP.
   *
   * @param node whether it is that node's own address (its node port) and not a task's endpoint;
   *     decides what {@code nodeFlowsOnly} lets pass
   */
  public record RemoteEndpoint(Address address, Ipv4Address vtep, boolean node) {
    /** A task's endpoint. */
    public RemoteEndpoint(Address address, Ipv4Address vtep) {
      this(address, vtep, false);
    }
  }

  public record Address(Ipv4Address ip, MacAddress mac) {}
}
