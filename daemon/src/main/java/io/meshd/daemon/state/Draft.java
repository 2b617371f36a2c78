package io.meshd.daemon.state;

import io.meshd.ipam.AddressPairs;
import io.meshd.ipam.AddressPool;
import io.meshd.ipam.Cidr;
import io.meshd.ipam.Ipv4;
import io.meshd.ipam.Ipv6;
import io.meshd.ipam.Mac;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.pcollections.PMap;

/**
 * The next version while one command is applied to it. A refused command throws, and its draft is
 * dropped: nothing changed. Order within a persistent map depends on how it came about, which a
 * snapshot does not tell, so whatever an order could show in goes through {@link #sorted}.
 */
final class Draft {
  private final ClusterState base;
  private final String at;
  private long version;
  private final Map<String, AddressPool> pools = new HashMap<>();
  private final Map<String, Long> nextHost;

  @Nullable ClusterRecord cluster;
  PMap<String, NodeRecord> nodes;
  PMap<String, NetworkRecord> networks;
  PMap<String, ServiceRecord> services;
  PMap<String, TaskRecord> tasks;
  PMap<String, EndpointRecord> endpoints;
  PMap<String, NodeAddress> nodeAddresses;
  int nextVni;
  final Map<String, Integer> nextPort;

  Draft(ClusterState base, String at) {
    this.base = base;
    this.at = at;
    version = base.version() + 1;
    cluster = base.cluster();
    nodes = base.nodes();
    networks = base.networks();
    services = base.services();
    tasks = base.tasks();
    endpoints = base.endpoints();
    nodeAddresses = base.nodeAddresses();
    nextHost = new HashMap<>(base.allocation().nextHost());
    nextVni = base.allocation().nextVni();
    nextPort = new HashMap<>(base.allocation().nextPort());
  }

  /** The version this becomes, for every record the command changes. */
  long version() {
    return version;
  }

  /** Another history's numbering and allocators go on from here. */
  void goOnFrom(long later, Allocation allocation) {
    version = Math.max(version, later);
    nextHost.putAll(allocation.nextHost());
    nextVni = allocation.nextVni();
    nextPort.putAll(allocation.nextPort());
  }

  /** Another history begins: none of its numbers are those of the one before. */
  void leap() {
    version += RestoredState.LEAP;
  }

  /** The proposer's clock. */
  String at() {
    return at;
  }

  ClusterRecord requireCluster() {
    if (cluster == null) {
      throw new Refusal(
          Outcome.Reason.UNAVAILABLE, "This node is not a swarm manager: the cluster is not made");
    }
    return cluster;
  }

  /** The version before, itself, when nothing changed. */
  ClusterState build() {
    Allocation allocation = new Allocation(Map.copyOf(nextHost), nextVni, Map.copyOf(nextPort));
    ClusterState next =
        new ClusterState(
            version(),
            cluster,
            nodes,
            networks,
            services,
            tasks,
            endpoints,
            nodeAddresses,
            allocation);
    return unchanged(next) ? base : next;
  }

  private boolean unchanged(ClusterState next) {
    return Objects.equals(next.cluster(), base.cluster())
        && next.allocation().equals(base.allocation())
        && same(next.nodes(), base.nodes())
        && same(next.networks(), base.networks())
        && same(next.services(), base.services())
        && same(next.tasks(), base.tasks())
        && same(next.endpoints(), base.endpoints())
        && same(next.nodeAddresses(), base.nodeAddresses());
  }

  // A map that was not touched is the same object; comparing contents would cost a full walk.
  @SuppressWarnings("ReferenceEquality")
  private static boolean same(Object a, Object b) {
    return a == b;
  }

  /** Records in the order of their IDs, the same on every node. */
  static <V> List<V> sorted(Map<String, V> map) {
    return map.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .map(Map.Entry::getValue)
        .toList();
  }

  NetworkRecord network(String reference) {
    return resolve("network", networks, NetworkRecord::name, reference);
  }

  ServiceRecord service(String reference) {
    return resolve("service", services, ServiceRecord::name, reference);
  }

  NodeRecord node(String reference) {
    return resolve("node", nodes, NodeRecord::hostname, reference);
  }

  EndpointRecord endpoint(String reference) {
    return resolve("endpoint", endpoints, EndpointRecord::name, reference);
  }

  NetworkRecord ingress() {
    return networks.values().stream()
        .filter(NetworkRecord::ingress)
        .findAny()
        .orElseThrow(
            () ->
                new Refusal(
                    Outcome.Reason.FAILED_PRECONDITION,
                    "service needs ingress network, but no ingress network is present"));
  }

  /** By ID, then by name, then by the beginning of an ID, as Docker looks things up. */
  private static <V> V resolve(
      String kind, PMap<String, V> map, Function<V, String> name, @Nullable String reference) {
    if (reference == null || reference.isEmpty()) {
      throw Refusal.notFound(kind, "");
    }
    V exact = map.get(reference);
    if (exact != null) {
      return exact;
    }
    List<V> found = map.values().stream().filter(v -> name.apply(v).equals(reference)).toList();
    if (found.isEmpty()) {
      found =
          map.entrySet().stream()
              .filter(e -> e.getKey().startsWith(reference))
              .map(Map.Entry::getValue)
              .toList();
    }
    if (found.isEmpty()) {
      throw Refusal.notFound(kind, reference);
    }
    if (found.size() > 1) {
      throw Refusal.invalid(
          kind + " " + reference + " is ambiguous (" + found.size() + " matches found)");
    }
    return found.getFirst();
  }

  /** An address for something new on a network; empty when there is none left. */
  Optional<Attachment> attach(NetworkRecord network) {
    AddressPool pool = pool(network);
    OptionalInt address = pool.allocate();
    if (address.isEmpty()) {
      return Optional.empty();
    }
    nextHost.put(network.id(), pool.next());
    return Optional.of(attachment(network, address.getAsInt()));
  }

  /** A chosen address; empty when it is in use. */
  Optional<Attachment> attach(NetworkRecord network, int address) {
    return pool(network).reserve(address)
        ? Optional.of(attachment(network, address))
        : Optional.empty();
  }

  private static Attachment attachment(NetworkRecord network, int address) {
    return new Attachment(network.id(), Ipv4.format(address), Mac.of(address));
  }

  /** Docker's words for a network that is full. */
  static String exhausted(NetworkRecord network) {
    return "no available IPv4 addresses on this network's address pools: "
        + network.name()
        + " ("
        + network.id()
        + ")";
  }

  void forgetNetwork(String networkId) {
    nextHost.remove(networkId);
  }

  /** Everything that holds an address on the network, as it is now; kept for the whole command. */
  private AddressPool pool(NetworkRecord network) {
    return pools.computeIfAbsent(network.id(), id -> buildPool(network));
  }

  private AddressPool buildPool(NetworkRecord network) {
    String id = network.id();
    String range = network.ipRange();
    AddressPool pool =
        new AddressPool(
            Cidr.parse(network.subnet()),
            range == null ? null : Cidr.parse(range),
            nextHost.getOrDefault(id, 0L));
    pool.reserve(Ipv4.parse(network.gateway()));
    reserveIpv6Gateway(pool, network);
    services
        .values()
        .forEach(
            service ->
                service.virtualIps().stream()
                    .filter(vip -> vip.networkId().equals(id))
                    .forEach(vip -> pool.reserve(ServiceAddresses.address(vip))));
    tasks.values().forEach(task -> task.attachments().forEach(a -> reserve(pool, id, a)));
    endpoints.values().forEach(endpoint -> reserve(pool, id, endpoint.attachment()));
    nodeAddresses.values().forEach(node -> reserve(pool, id, node.attachment()));
    return pool;
  }

  /** The address that would go with it is nobody's. */
  private static void reserveIpv6Gateway(AddressPool pool, NetworkRecord network) {
    AddressPairs pairs = network.pairs();
    Ipv6Subnet ipv6 = network.ipv6();
    if (pairs != null && ipv6 != null) {
      pairs.ipv4Of(Ipv6.parse(ipv6.gateway())).ifPresent(pool::reserve);
    }
  }

  private static void reserve(AddressPool pool, String networkId, Attachment attachment) {
    if (attachment.networkId().equals(networkId)) {
      pool.reserve(Ipv4.parse(attachment.address()));
    }
  }

  /** Oldest first; equal ages by ID. */
  List<NodeRecord> nodesByAge() {
    return nodes.values().stream()
        .sorted(Comparator.comparing(NodeRecord::createdAt).thenComparing(NodeRecord::id))
        .toList();
  }
}
