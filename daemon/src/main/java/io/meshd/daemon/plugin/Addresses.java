package io.meshd.daemon.plugin;

import io.meshd.api.Mesh;
import io.meshd.daemon.state.Attachment;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.EndpointRecord;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.TaskRecord;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The IpamDriver: pools are subnets of the cluster's networks, addresses are the cluster's. Docker
 * asks for an address before it says for what, and names it by the address alone afterwards; until
 * then it is held here.
 *
 * <p>An address that the cluster has given to a task of this node is not asked for again: whether
 * the endpoint is that task's is seen when it is made.
 */
final class Addresses {
  static final String SPACE = "meshd";
  private static final String GATEWAY = "com.docker.network.gateway";
  private static final String ADDRESS_TYPE = "RequestAddressType";

  /** Docker makes the endpoint right after it has the address. */
  private static final Duration HELD = Duration.ofSeconds(60);

  private final String nodeId;
  private final Overlays overlays;
  private final Bindings bindings;
  private final ClusterCalls cluster;
  private final RandomGenerator random = new Random();

  // Guarded by this. By network and address.
  private final Map<String, Held> held = new HashMap<>();
  private int asking;

  private record Held(String endpointId, long since) {}

  Addresses(String nodeId, Overlays overlays, Bindings bindings, ClusterCalls cluster) {
    this.nodeId = nodeId;
    this.overlays = overlays;
    this.bindings = bindings;
    this.cluster = cluster;
  }

  Messages.PoolAnswer requestPool(Messages.PoolRequest request) throws IOException {
    if (request.v6()) {
      throw new IOException(
          "a network of the driver meshd has its IPv6 from the swarm: leave --ipv6 out");
    }
    String pool = given(request.pool());
    String named = request.options() == null ? null : request.options().get(PluginOptions.NETWORK);
    if (named == null && pool == null) {
      if (given(request.subPool()) != null) {
        throw new IOException("--ip-range needs --subnet");
      }
      String placeholder =
          Overlays.PLACEHOLDERS
              + random.nextInt(256)
              + "."
              + random.nextInt(256)
              + "."
              + random.nextInt(1, 255)
              + "/32";
      return new Messages.PoolAnswer(placeholder, placeholder, Map.of());
    }
    NetworkRecord network =
        named == null ? overlays.withSubnet(Objects.requireNonNull(pool)) : overlays.named(named);
    if (pool != null && !pool.equals(network.subnet())) {
      throw new IOException(
          "the subnet of network " + network.name() + " is " + network.subnet() + ", not " + pool);
    }
    String range = given(request.subPool());
    if (range != null && !range.equals(network.ipRange())) {
      throw new IOException(
          "the range of network "
              + network.name()
              + " is chosen when it is created in the swarm: leave --ip-range out");
    }
    return new Messages.PoolAnswer(
        network.subnet(),
        network.subnet(),
        Map.of(GATEWAY, withPrefix(network, network.gateway())));
  }

  Messages.AddressAnswer request(Messages.AddressRequest request) throws IOException {
    String wanted = given(request.address());
    if (request.options() != null && GATEWAY.equals(request.options().get(ADDRESS_TYPE))) {
      return gateway(request.poolId(), wanted);
    }
    NetworkRecord network = overlays.ofPool(request.poolId());
    if (wanted != null && taskAt(network, wanted) != null) {
      return new Messages.AddressAnswer(withPrefix(network, wanted));
    }
    if (wanted != null && holdAgain(network, wanted)) {
      return new Messages.AddressAnswer(withPrefix(network, wanted));
    }
    return new Messages.AddressAnswer(attach(network, wanted).ipv4Address());
  }

  /** One that this node asked for already, and Docker has not heard or has forgotten. */
  private boolean holdAgain(NetworkRecord network, String address) throws IOException {
    String known = knownAt(network, address);
    if (known == null
        || bindings.endpoints().stream().anyMatch(e -> known.equals(e.endpointId()))) {
      return false;
    }
    hold(network.id(), address, known);
    return true;
  }

  private synchronized void hold(String networkId, String address, String endpointId) {
    held.put(key(networkId, address), new Held(endpointId, System.nanoTime()));
  }

  private Messages.AddressAnswer gateway(String pool, @Nullable String wanted) throws IOException {
    if (pool.startsWith(Overlays.PLACEHOLDERS)) {
      return new Messages.AddressAnswer(pool);
    }
    NetworkRecord network = overlays.ofPool(pool);
    if (wanted != null && !wanted.equals(network.gateway())) {
      throw new IOException(
          "the gateway of network "
              + network.name()
              + " is "
              + network.gateway()
              + ": leave --gateway out");
    }
    return new Messages.AddressAnswer(withPrefix(network, network.gateway()));
  }

  /** Gets an address from the cluster and holds it for the endpoint that will have it. */
  private Mesh.Endpoint attach(NetworkRecord network, @Nullable String wanted) throws IOException {
    synchronized (this) {
      asking++;
    }
    try {
      Mesh.Endpoint made = cluster.attach(network.id(), wanted);
      hold(network.id(), withoutPrefix(made.ipv4Address()), made.id());
      return made;
    } finally {
      synchronized (this) {
        asking--;
      }
    }
  }

  /**
   * The cluster's endpoint that has this address of this node, asked for anew where nobody knows it
   * any more.
   */
  String endpointAt(NetworkRecord network, String address) throws IOException {
    String known = knownAt(network, address);
    return known == null ? attach(network, address).id() : known;
  }

  /** An address that a Docker Swarm has given to an endpoint here, whoever had it before. */
  String take(NetworkRecord network, String address) throws IOException {
    return attach(network, address).id();
  }

  private @Nullable String knownAt(NetworkRecord network, String address) throws IOException {
    synchronized (this) {
      Held there = held.get(key(network.id(), address));
      if (there != null) {
        return there.endpointId();
      }
    }
    for (EndpointRecord endpoint : overlays.state().endpoints().values()) {
      if (mine(endpoint) && at(endpoint.attachment(), network, address)) {
        return endpoint.id();
      }
    }
    return null;
  }

  /** A container of this node. */
  boolean mine(EndpointRecord endpoint) {
    return endpoint.container() != null && endpoint.nodeId().equals(nodeId);
  }

  private static boolean at(Attachment attachment, NetworkRecord network, String address) {
    return attachment.networkId().equals(network.id()) && attachment.address().equals(address);
  }

  /** The task of this node that the cluster has given this address. */
  @Nullable TaskRecord taskAt(NetworkRecord network, String address) throws IOException {
    for (TaskRecord task : overlays.state().tasks().values()) {
      if (task.nodeId().equals(nodeId)
          && !task.status().state().terminal()
          && task.attachments().stream().anyMatch(a -> at(a, network, address))) {
        return task;
      }
    }
    return null;
  }

  /** An endpoint has it now. */
  synchronized void claimed(String networkId, String address) {
    held.remove(key(networkId, address));
  }

  void release(Messages.AddressRequest request) throws IOException {
    String address = given(request.address());
    if (address == null || request.poolId().equals(address + "/32")) {
      return; // of a pool that stands for none
    }
    NetworkRecord network;
    try {
      network = overlays.ofPool(request.poolId());
    } catch (IOException _) {
      return; // gone, with all its addresses
    }
    String endpoint = knownAt(network, address);
    if (endpoint != null) {
      cluster.detach(endpoint);
      claimed(network.id(), address);
    }
  }

  /**
   * This node's endpoints in a state that are nobody's: Docker asked for their addresses, and made
   * nothing of it.
   *
   * @param bound the cluster's endpoints that Docker's have
   */
  synchronized Set<String> nobodys(ClusterState state, Set<String> bound) {
    Set<String> unknown = new HashSet<>();
    if (asking > 0) {
      return unknown; // one of them may be an answer that is on its way
    }
    long now = System.nanoTime();
    held.values().removeIf(h -> now - h.since() > HELD.toNanos());
    Set<String> known = new HashSet<>(bound);
    held.values().forEach(h -> known.add(h.endpointId()));
    for (EndpointRecord endpoint : state.endpoints().values()) {
      if (mine(endpoint) && !known.contains(endpoint.id())) {
        unknown.add(endpoint.id());
      }
    }
    return unknown;
  }

  private static String key(String networkId, String address) {
    return networkId + "/" + address;
  }

  private static @Nullable String given(@Nullable String text) {
    return text == null || text.isEmpty() ? null : text;
  }

  static String withPrefix(NetworkRecord network, String address) {
    return address + network.subnet().substring(network.subnet().indexOf('/'));
  }

  static String withoutPrefix(String address) {
    int slash = address.indexOf('/');
    return slash < 0 ? address : address.substring(0, slash);
  }
}
