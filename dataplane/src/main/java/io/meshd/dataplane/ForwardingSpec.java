package io.meshd.dataplane;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything the switch of this node is to know, whole. Compiled into immutable tables and swapped
 * by reference; nothing is learned from traffic. Lists are copied where they could change.
 *
 * @param dataKeys what encrypted networks are sealed with: the first seals, all open. Without any
 *     nothing passes between nodes there.
 */
public record ForwardingSpec(List<Network> networks, List<DataKey> dataKeys) {
  public ForwardingSpec {
    networks = List.copyOf(networks);
    dataKeys = List.copyOf(dataKeys);
  }

  public static final ForwardingSpec EMPTY = new ForwardingSpec(List.of());

  /** Without encrypted networks, or without keys for them. */
  public ForwardingSpec(List<Network> networks) {
    this(networks, List.of());
  }

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
   * @param services virtual IPs of the network and what answers for them
   * @param preserved what nodes ask in the names of clients
   * @param encrypted between nodes nothing in clear is sent or taken
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
      boolean nodeFlowsOnly,
      List<VirtualService> services,
      Preserved preserved,
      boolean encrypted) {
    public Network {
      ports = List.copyOf(ports);
      remotes = List.copyOf(remotes);
      vteps = List.copyOf(vteps);
      services = List.copyOf(services);
    }

    /** A network that is not encrypted. */
    public Network(
        String id,
        String name,
        int vni,
        Ipv4Address gateway,
        @Nullable NodePort nodePort,
        List<LocalPort> ports,
        List<RemoteEndpoint> remotes,
        List<Ipv4Address> vteps,
        boolean nodeFlowsOnly,
        List<VirtualService> services,
        Preserved preserved) {
      this(
          id,
          name,
          vni,
          gateway,
          nodePort,
          ports,
          remotes,
          vteps,
          nodeFlowsOnly,
          services,
          preserved,
          false);
    }

    /** A network where nodes ask in their own names only. */
    public Network(
        String id,
        String name,
        int vni,
        Ipv4Address gateway,
        @Nullable NodePort nodePort,
        List<LocalPort> ports,
        List<RemoteEndpoint> remotes,
        List<Ipv4Address> vteps,
        boolean nodeFlowsOnly,
        List<VirtualService> services) {
      this(
          id,
          name,
          vni,
          gateway,
          nodePort,
          ports,
          remotes,
          vteps,
          nodeFlowsOnly,
          services,
          Preserved.NONE);
    }

    /** A network without virtual IPs. */
    public Network(
        String id,
        String name,
        int vni,
        Ipv4Address gateway,
        @Nullable NodePort nodePort,
        List<LocalPort> ports,
        List<RemoteEndpoint> remotes,
        List<Ipv4Address> vteps,
        boolean nodeFlowsOnly) {
      this(id, name, vni, gateway, nodePort, ports, remotes, vteps, nodeFlowsOnly, List.of());
    }
  }

  /**
   * The network's TAP in the node namespace. The device's MAC is the gateway's (02:42 + gateway);
   * the switch rewrites between it and the node address's own MAC, so that the node address is
   * distinct on the wire while the gateway's is the same on every node.
   *
   * @param port as given to {@link Dataplane#attachTap}
   * @param address this node's own address on the network, or null if it has none yet
   * @param also of other subnets, answered for on the link as the gateway's is, on every node
   */
  public record NodePort(
      String port, MacAddress deviceMac, @Nullable Address address, List<Ipv4Address> also) {
    public NodePort {
      also = List.copyOf(also);
    }

    /** With the gateway's and the node's own address alone. */
    public NodePort(String port, MacAddress deviceMac, @Nullable Address address) {
      this(port, deviceMac, address, List.of());
    }
  }

  /** A local endpoint; only frames with exactly this source MAC and IPs are taken from its TAP. */
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

  /**
   * @param ipv6 beside the IPv4 address, of endpoints and node addresses; an endpoint that has one
   *     may also use the link-local address of its MAC. Without one no IPv6 is taken from it.
   */
  public record Address(Ipv4Address ip, MacAddress mac, @Nullable Ipv6Address ipv6) {
    /** Without an IPv6 address. */
    public Address(Ipv4Address ip, MacAddress mac) {
      this(ip, mac, null);
    }
  }

  /**
   * A service's virtual IP on a network. The node of a flow's client balances it: the flow's frames
   * get a backend's address, their replies the virtual one.
   *
   * @param id by which flows find it again when the spec changes: the service's
   * @param name for traces and logs
   */
  public record VirtualService(
      String id, String name, Address vip, Balancing balancing, List<Backend> backends) {
    public VirtualService {
      backends = List.copyOf(backends);
    }
  }

  /**
   * Published ports that keep the client's address: a node sends to the target with the client's
   * address as source, from a port of its slice; the target's replies go to its gateway, and the
   * switch leads them to the node that has the slice of their destination port.
   *
   * @param slices of the nodes that have an address on the network, this one among them
   */
  public record Preserved(List<PreservedTarget> targets, List<NodeSlice> slices) {
    public Preserved {
      targets = List.copyOf(targets);
      slices = List.copyOf(slices);
    }

    public static final Preserved NONE = new Preserved(List.of(), List.of());
  }

  /**
   * A port of an endpoint, here or elsewhere, that may hear from clients under their own address.
   *
   * @param protocol as in the IPv4 header: 6 TCP, 17 UDP
   */
  public record PreservedTarget(Ipv4Address ip, int protocol, int port) {}

  /**
   * @param node the node's own address on the network
   */
  public record NodeSlice(Ipv4Address node, PortSlice slice) {}

  /**
   * How new flows are spread.
   *
   * @param preferLocal backends of this node first, others only when none of them is ready
   * @param slowStartNanos over which a new backend grows to its full share; 0: at once
   * @param ejectOutliers backends that refuse connections are left out for a while, with back-off
   */
  public record Balancing(
      Choice choice, boolean preferLocal, long slowStartNanos, boolean ejectOutliers) {
    public static final Balancing DEFAULT = new Balancing(Choice.FEWEST_FLOWS, false, 0, true);
  }

  /** Which backend a new flow gets. */
  public enum Choice {
    /** Of two drawn at random, by weight, the one with fewer open flows. */
    FEWEST_FLOWS,
    /** Maglev over the client's IP: the same on every node. */
    CLIENT_ADDRESS
  }

  /**
   * An endpoint of the network that answers for a virtual IP.
   *
   * @param id of the task: identity over changes
   * @param weight share of new flows relative to the others', 100 by default; 0: no new flows
   * @param draining takes no new flow, keeps those it has
   * @param readySinceMillis since the epoch, for slow start
   */
  public record Backend(
      String id, Ipv4Address ip, int weight, boolean draining, long readySinceMillis) {}
}
