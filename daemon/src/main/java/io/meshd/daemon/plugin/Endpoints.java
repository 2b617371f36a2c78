package io.meshd.daemon.plugin;

import io.meshd.daemon.linux.NodeNamespace;
import io.meshd.daemon.linux.Problems;
import io.meshd.daemon.reconcile.ContainerTaps;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.NewestState;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.ipam.Cidr;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The NetworkDriver. Docker's order for a container that starts, and what becomes of it here:
 *
 * <pre>
 *   RequestAddress   {@link Addresses}: an endpoint of the cluster, or a task's own
 *   CreateEndpoint   it is on disk; waits until this node's switch knows it
 *   Join             the TAP is made in the host's namespace; Docker moves it into the container
 *   ...
 *   Leave            the TAP goes
 *   DeleteEndpoint   it is forgotten
 *   ReleaseAddress   the cluster's endpoint goes
 * </pre>
 *
 * Docker repeats a call whose answer it did not get, so each can be repeated.
 */
final class Endpoints {
  private static final String GENERIC = "com.docker.network.generic";
  private static final int ON_LINK = 1;
  private static final int LINK_LOCAL_PREFIX = 16;
  private static final Duration TABLES = Duration.ofSeconds(10);

  private final Bindings bindings;
  private final Overlays overlays;
  private final Addresses addresses;
  private final ContainerTaps taps;
  private final NewestState served;

  /** When an endpoint was made in this run of the daemon, nanoseconds. Guarded by itself. */
  private final Map<String, Long> made = new HashMap<>();

  /** {@code served}: by whose tables frames are forwarded. */
  Endpoints(
      Bindings bindings,
      Overlays overlays,
      Addresses addresses,
      ContainerTaps taps,
      NewestState served) {
    this.bindings = bindings;
    this.overlays = overlays;
    this.addresses = addresses;
    this.taps = taps;
    this.served = served;
  }

  void createNetwork(Messages.NetworkRequest request) throws IOException {
    if (request.ipv6() != null && !request.ipv6().isEmpty()) {
      throw new IOException(
          "a network of the driver meshd has its IPv6 from the swarm: leave --ipv6 out");
    }
    Messages.IpamData data =
        request.ipv4() == null || request.ipv4().size() != 1 ? null : request.ipv4().getFirst();
    if (data == null || data.pool() == null || !Addresses.SPACE.equals(data.addressSpace())) {
      throw new IOException(
          "a network of the driver meshd has its addresses from the swarm: it is created with"
              + " --ipam-driver meshd, and with one --subnet at most");
    }
    Map<?, ?> options =
        request.options() != null && request.options().get(GENERIC) instanceof Map<?, ?> generic
            ? generic
            : Map.of();
    String named = options.get(PluginOptions.NETWORK) instanceof String name ? name : null;
    BoundNetwork network = new BoundNetwork(request.networkId(), named, null, data.pool());
    if (named != null || !data.pool().startsWith(Overlays.PLACEHOLDERS)) {
      check(network, PluginOptions.TASKS.equals(options.get(PluginOptions.FOR)));
    }
    bindings.put(network);
  }

  /** What is wrong with it is said at once, as far as it is known. */
  private void check(BoundNetwork network, boolean forTasks) throws IOException {
    NetworkRecord overlay = overlays.of(network);
    if (network.overlay() != null
        && !network.overlay().equals(overlay.name())
        && !network.overlay().equals(overlay.id())) {
      throw new IOException(
          "the subnet "
              + overlay.subnet()
              + " is that of network "
              + overlay.name()
              + ", not of "
              + network.overlay());
    }
    if (!overlay.attachable() && !forTasks) {
      throw new IOException("network " + overlay.name() + " not manually attachable");
    }
  }

  void deleteNetwork(Messages.Reference request) throws IOException {
    bindings.removeNetwork(request.networkId());
  }

  Messages.EndpointAnswer create(Messages.EndpointRequest request)
      throws IOException, InterruptedException {
    String address = address(request);
    NetworkRecord network = overlays.of(overlays.network(request.networkId()));
    TaskRecord task = task(request, network, address);
    String endpoint = task == null ? addresses.endpointAt(network, address) : null;
    return bind(request, network, address, task, endpoint);
  }

  /** On a network of a Docker Swarm, which has given the address. */
  Messages.EndpointAnswer createAt(NetworkRecord network, Messages.EndpointRequest request)
      throws IOException, InterruptedException {
    String address = address(request);
    BoundEndpoint before = bindings.endpoint(request.endpointId());
    String known = before == null || !before.address().equals(address) ? null : before.endpointId();
    boolean there = known != null && overlays.state().endpoints().containsKey(known);
    return bind(request, network, address, null, there ? known : addresses.take(network, address));
  }

  private static String address(Messages.EndpointRequest request) throws IOException {
    Messages.Interface wanted = request.wanted();
    if (wanted == null || wanted.address() == null || wanted.address().isEmpty()) {
      throw new IOException("an endpoint on a meshd network needs an address of the swarm");
    }
    return Addresses.withoutPrefix(wanted.address());
  }

  /** Either {@code task} or {@code endpoint}, the cluster's, is there. */
  private Messages.EndpointAnswer bind(
      Messages.EndpointRequest request,
      NetworkRecord network,
      String address,
      @Nullable TaskRecord task,
      @Nullable String endpoint)
      throws IOException, InterruptedException {
    String mac = mac(address);
    String asked = request.wanted() == null ? null : request.wanted().macAddress();
    boolean chosen = asked != null && !asked.isEmpty();
    if (chosen && !mac.equals(asked)) {
      throw new IOException(
          "the MAC address on network "
              + network.name()
              + " follows from the address "
              + address
              + " and is "
              + mac
              + ", not "
              + asked);
    }
    synchronized (made) {
      made.put(request.endpointId(), System.nanoTime());
    }
    bindings.put(
        new BoundEndpoint(
            request.endpointId(),
            request.networkId(),
            network.id(),
            endpoint,
            task == null ? null : task.id(),
            address,
            mac,
            ContainerTaps.device(request.endpointId()),
            null,
            0));
    addresses.claimed(network.id(), address);
    Predicate<ClusterState> known =
        state ->
            endpoint == null
                ? task != null && state.tasks().containsKey(task.id())
                : state.endpoints().containsKey(endpoint);
    if (!served.await(known, TABLES)) {
      throw new IOException(
          "this node has not taken the address "
              + address
              + " over within "
              + TABLES.toSeconds()
              + " s");
    }
    // Docker takes IPv6 from the driver where its own network has none, as ours have not.
    return new Messages.EndpointAnswer(
        new Messages.Interface(null, network.ipv6WithPrefix(address), chosen ? null : mac));
  }

  /** Null for a container that is no task; a task's address is for its task's container alone. */
  private @Nullable TaskRecord task(
      Messages.EndpointRequest request, NetworkRecord network, String address) throws IOException {
    TaskRecord task = addresses.taskAt(network, address);
    Object named = request.options() == null ? null : request.options().get(PluginOptions.TASK);
    if (named == null && task == null) {
      return null;
    }
    if (task == null || !task.id().equals(named)) {
      throw new IOException(
          named == null
              ? "Address already in use: " + address
              : "task " + named + " does not have the address " + address + " on this node");
    }
    return task;
  }

  /** As the cluster gives them: 02:42 and the address. */
  private static String mac(String address) {
    StringBuilder mac = new StringBuilder("02:42");
    for (String octet : address.split("\\.", -1)) {
      mac.append(":%02x".formatted(Integer.parseInt(octet)));
    }
    return mac.toString();
  }

  Messages.JoinAnswer join(Messages.JoinRequest request) throws IOException {
    BoundEndpoint endpoint = bindings.endpoint(request.endpointId());
    if (endpoint == null) {
      throw new IOException("endpoint " + request.endpointId() + " is not known to meshd");
    }
    NetworkRecord network = overlays.named(endpoint.overlayId());
    // Nobody answers names on ingress: there the way out leads to the resolver of the outside.
    int prefix = network.ingress() ? 0 : resolverPrefix(endpoint, request.sandboxKey());
    bindings.put(endpoint.joined(request.sandboxKey(), prefix));
    taps.make(endpoint.port(), endpoint.device(), network);
    return new Messages.JoinAnswer(
        new Messages.InterfaceName(endpoint.device(), "eth"),
        prefix == 0 ? List.of() : List.of(routeToResolver(prefix)),
        network.internal());
  }

  /**
   * A container has the way to the resolver on each of its networks, and uses the first that there
   * is: Docker takes no route twice, so each has a shorter prefix than those before. 0 for none
   * where there are more than the link-local block has prefixes.
   */
  private int resolverPrefix(BoundEndpoint joining, String sandbox) {
    Set<Integer> used = new HashSet<>();
    for (BoundEndpoint other : bindings.endpoints()) {
      if (sandbox.equals(other.sandbox()) && !other.id().equals(joining.id())) {
        used.add(other.resolverPrefix());
      }
    }
    int prefix = 32;
    while (used.contains(prefix)) {
      prefix--;
    }
    return prefix <= LINK_LOCAL_PREFIX ? 0 : prefix;
  }

  private static Messages.StaticRoute routeToResolver(int prefix) {
    Cidr destination = Cidr.parse(NodeNamespace.RESOLVER + "/" + prefix);
    return new Messages.StaticRoute(destination.toString(), ON_LINK, "");
  }

  void leave(Messages.Reference request) throws IOException {
    BoundEndpoint endpoint = bindings.endpoint(Objects.requireNonNull(request.endpointId()));
    if (endpoint != null) {
      taps.remove(endpoint.port(), endpoint.device());
      bindings.put(endpoint.left());
    }
  }

  void delete(Messages.Reference request) throws IOException {
    delete(Objects.requireNonNull(request.endpointId()));
  }

  /** Its address is released apart from that. */
  void delete(String id) throws IOException {
    BoundEndpoint endpoint = bindings.endpoint(id);
    if (endpoint != null) {
      taps.remove(endpoint.port(), endpoint.device());
      bindings.removeEndpoint(id);
    }
    synchronized (made) {
      made.remove(id);
    }
  }

  Map<String, Object> info(Messages.Reference request) {
    BoundEndpoint endpoint = bindings.endpoint(Objects.requireNonNull(request.endpointId()));
    return Map.of(
        "Value",
        endpoint == null
            ? Map.of()
            : Map.of("mesh.device", endpoint.device(), "mesh.network", endpoint.overlayId()));
  }

  /** Takes what an earlier daemon's containers have; what is not there is looked for later. */
  void takeAgain() throws IOException {
    Problems problems = new Problems();
    for (BoundEndpoint endpoint : bindings.endpoints()) {
      String sandbox = endpoint.sandbox();
      if (sandbox != null) {
        problems.attempt(
            () -> {
              var _ = taps.takeAgain(endpoint.port(), Path.of(sandbox), endpoint.mac());
            });
      }
    }
    problems.throwIfAny();
  }

  /** Whether Docker may not show it yet: it was made in this run, so long ago at most. */
  boolean younger(String id, Duration age) {
    synchronized (made) {
      Long since = made.get(id);
      return since != null && System.nanoTime() - since < age.toNanos();
    }
  }
}
