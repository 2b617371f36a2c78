package io.meshd.dataplane.switching;

import io.meshd.dataplane.ForwardingSpec;
import io.meshd.dataplane.ForwardingSpec.Address;
import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.Ipv6Address;
import io.meshd.dataplane.lb.LoadBalancer;
import io.meshd.dataplane.lb.ServiceTable;
import io.meshd.dataplane.vxlan.VtepTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** One network as the switch looks things up in it. Immutable. */
final class NetworkTable {
  final int vni;
  final boolean nodeFlowsOnly;
  final boolean encrypted;
  final VtepTable vteps;

  /** Slots of the endpoints with a TAP: where broadcasts go on this node. */
  final int[] endpointSlots;

  /** What the node port's device believes to be its MAC: the gateway's. */
  final long nodeDeviceMac;

  /** This node's own address on the network; null while it has none. */
  final @Nullable Station ownNode;

  private final ForwardingSpec.Network spec;
  private final int[] slots;
  private final List<ServiceTable> services = new ArrayList<>();
  private final LongTable<Station> byMac;
  private final LongTable<Station> byIp;
  private final Ipv6Table byIpv6;
  private final List<Source> sources;

  /** A port of this network as the sender of frames. */
  record Source(NetworkTable network, int slot, Station station) {}

  /** Whether anybody here has an IPv6 address. */
  final boolean hasIpv6;

  /** Whether there are virtual addresses, and so replies that are to come from one. */
  final boolean hasServices;

  /** What may be asked with a client's address; null when nothing. */
  final @Nullable PreservedTargets preserved;

  NetworkTable(
      ForwardingSpec.Network network, ToIntFunction<String> slotOfPort, LoadBalancer balancer) {
    spec = network;
    slots = slots(network, slotOfPort);
    vni = network.vni();
    nodeFlowsOnly = network.nodeFlowsOnly();
    encrypted = network.encrypted();
    vteps = new VtepTable(network.vteps());
    List<Station> stations = new ArrayList<>();
    for (ForwardingSpec.RemoteEndpoint remote : network.remotes()) {
      Station.Kind kind = remote.node() ? Station.Kind.NODE : Station.Kind.ENDPOINT;
      stations.add(station(kind, remote.address(), Station.NO_SLOT, remote.vtep().bits()));
    }
    sources = new ArrayList<>();
    for (ForwardingSpec.LocalPort port : network.ports()) {
      int slot = slotOfPort.applyAsInt(port.port());
      addLocal(station(Station.Kind.ENDPOINT, port.address(), slot, 0), stations);
    }
    endpointSlots = sources.stream().mapToInt(Source::slot).toArray();
    ForwardingSpec.NodePort node = network.nodePort();
    nodeDeviceMac = node == null ? 0 : node.deviceMac().bits();
    if (node != null) {
      addNodePort(node, network.gateway(), slotOfPort.applyAsInt(node.port()), stations);
    }
    ownNode = node == null || node.address() == null ? null : stations.getLast();
    hasServices = !network.services().isEmpty();
    addServices(network.services(), balancer, stations);
    // Local ones come last and win, should a spec in transition have an address twice.
    byMac = new LongTable<>(stations, Station::mac);
    byIp = new LongTable<>(stations, Station::ip);
    Map<Ipv6Address, Station> ipv6s = new HashMap<>();
    for (Station station : stations) {
      if (station.hasIpv6()) {
        ipv6s.put(new Ipv6Address(station.ipv6High(), station.ipv6Low()), station);
      }
    }
    byIpv6 = new Ipv6Table(ipv6s);
    hasIpv6 = !ipv6s.isEmpty();
    preserved =
        network.preserved().targets().isEmpty()
            ? null
            : new PreservedTargets(network.preserved(), byIp);
  }

  /** Whether this is what would be made of it now. */
  boolean isOf(ForwardingSpec.Network network, ToIntFunction<String> slotOfPort) {
    return spec.equals(network) && Arrays.equals(slots, slots(network, slotOfPort));
  }

  private static int[] slots(ForwardingSpec.Network network, ToIntFunction<String> slotOfPort) {
    ForwardingSpec.NodePort node = network.nodePort();
    return IntStream.concat(
            node == null ? IntStream.empty() : IntStream.of(slotOfPort.applyAsInt(node.port())),
            network.ports().stream().mapToInt(port -> slotOfPort.applyAsInt(port.port())))
        .toArray();
  }

  /** What stands behind the virtual addresses. */
  List<ServiceTable> services() {
    return services;
  }

  private void addServices(
      List<ForwardingSpec.VirtualService> services, LoadBalancer balancer, List<Station> stations) {
    if (services.isEmpty()) {
      return;
    }
    Map<Integer, Station> endpoints = new HashMap<>();
    for (Station station : stations) {
      if (station.kind() == Station.Kind.ENDPOINT) {
        endpoints.put(station.ip(), station);
      }
    }
    List<Station> virtual = new ArrayList<>();
    for (ForwardingSpec.VirtualService service : services) {
      ServiceTable table =
          balancer.service(vni, service, endpoints::containsKey, ip -> isLocal(endpoints.get(ip)));
      this.services.add(table);
      virtual.add(station(Station.Kind.VIRTUAL, service.vip(), Station.NO_SLOT, 0, table));
    }
    // First, so that an endpoint's address, should it be the same, is the endpoint's.
    stations.addAll(0, virtual.reversed());
  }

  private static boolean isLocal(@Nullable Station station) {
    return station != null && station.isLocal();
  }

  private void addNodePort(
      ForwardingSpec.NodePort node, Ipv4Address gateway, int slot, List<Station> stations) {
    Address asGateway = new Address(gateway, node.deviceMac());
    addLocal(station(Station.Kind.GATEWAY, asGateway, slot, 0), stations);
    for (Ipv4Address other : node.also()) {
      stations.add(station(Station.Kind.GATEWAY, new Address(other, node.deviceMac()), slot, 0));
    }
    Address own = node.address();
    if (own != null) {
      stations.add(station(Station.Kind.NODE, own, slot, 0));
    }
  }

  private void addLocal(Station station, List<Station> stations) {
    stations.add(station);
    if (station.slot() != Station.NO_SLOT) {
      sources.add(new Source(this, station.slot(), station));
    }
  }

  @Nullable Station byMac(long mac) {
    return byMac.get(mac);
  }

  @Nullable Station byIp(int ip) {
    return byIp.get(ip);
  }

  @Nullable Station byIpv6(long high, long low) {
    return byIpv6.get(high, low);
  }

  /** The ports that have a TAP. */
  List<Source> sources() {
    return sources;
  }

  private static Station station(Station.Kind kind, Address address, int slot, int vtep) {
    return station(kind, address, slot, vtep, null);
  }

  private static Station station(
      Station.Kind kind, Address address, int slot, int vtep, @Nullable ServiceTable service) {
    Ipv6Address ipv6 = address.ipv6();
    return new Station(
        kind,
        address.mac().bits(),
        address.ip().bits(),
        ipv6 == null ? 0 : ipv6.high(),
        ipv6 == null ? 0 : ipv6.low(),
        slot,
        vtep,
        service);
  }
}
