package io.meshd.daemon.dns;

import io.meshd.api.Services.NetworkAttachmentConfig;
import io.meshd.api.Services.PortConfig;
import io.meshd.api.Services.VirtualIp;
import io.meshd.daemon.state.Attachment;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.EndpointRecord;
import io.meshd.daemon.state.Ipv6Subnet;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.NodeRecord.NodeState;
import io.meshd.daemon.state.ServiceRecord;
import io.meshd.daemon.state.ServiceSpecs;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.ipam.AddressPairs;
import io.meshd.ipam.Cidr6;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * From what the cluster agreed on to the names that one node answers: those of every network that
 * it has somebody on, and who may ask there. Pure.
 */
final class ZoneCompiler {
  private static final int SHORT_ID = 12;

  private final ClusterState state;
  private final String nodeId;

  /** By network ID, of the networks that this node has. */
  private final Map<String, Zone.Builder> builders = new TreeMap<>();

  /** What takes new flows, by service and network. */
  private final Map<String, Map<String, List<Place>>> ready = new HashMap<>();

  /** {@code name}: as its own name on the network. */
  private record Place(String name, int address) {}

  private ZoneCompiler(ClusterState state, String nodeId) {
    this.state = state;
    this.nodeId = nodeId;
  }

  /** In the order of the networks' IDs. */
  static List<NetworkNames> compile(ClusterState state, String nodeId) {
    return new ZoneCompiler(state, nodeId).compile();
  }

  private List<NetworkNames> compile() {
    Map<String, List<Attachment>> here = attachedHere();
    here.values().forEach(all -> all.forEach(a -> builder(a.networkId())));
    endpoints();
    tasks();
    state.services().values().forEach(this::service);

    Map<String, Zone> zones = new HashMap<>();
    builders.forEach((id, builder) -> zones.put(id, builder.build()));
    Map<String, Map<Integer, Asker>> askers = new TreeMap<>();
    here.forEach(
        (who, attachments) -> {
          List<String> resolvers = resolvers(state.tasks().get(who));
          for (Attachment attachment : attachments) {
            if (zones.containsKey(attachment.networkId())) {
              askers
                  .computeIfAbsent(attachment.networkId(), id -> new HashMap<>())
                  .put(
                      Reverse.address(attachment.address()),
                      new Asker(seenFrom(attachment, attachments, zones), resolvers));
            }
          }
        });
    List<NetworkNames> names = new ArrayList<>();
    builders
        .keySet()
        .forEach(
            id ->
                names.add(
                    new NetworkNames(
                        network(id).gateway(), Map.copyOf(askers.getOrDefault(id, Map.of())))));
    return List.copyOf(names);
  }

  /** The network that it asks on before the others. */
  private static List<Zone> seenFrom(
      Attachment first, List<Attachment> all, Map<String, Zone> zones) {
    Set<Zone> seen = new LinkedHashSet<>();
    seen.add(zones.get(first.networkId()));
    all.forEach(a -> seen.add(zones.get(a.networkId())));
    return seen.stream().filter(Objects::nonNull).toList();
  }

  /**
   * What is attached on this node, by task ID, or by namespace or container for what somebody else
   * runs: several endpoints in one are one asker.
   */
  private Map<String, List<Attachment>> attachedHere() {
    Map<String, List<Attachment>> here = new TreeMap<>();
    for (TaskRecord task : state.tasks().values()) {
      if (task.nodeId().equals(nodeId) && !task.status().state().terminal()) {
        here.put(task.id(), task.attachments());
      }
    }
    state.endpoints().values().stream()
        .filter(endpoint -> endpoint.nodeId().equals(nodeId))
        .sorted(Comparator.comparing(EndpointRecord::id))
        .forEach(
            endpoint ->
                here.computeIfAbsent(asker(endpoint), netns -> new ArrayList<>())
                    .add(endpoint.attachment()));
    return here;
  }

  private static String asker(EndpointRecord endpoint) {
    EndpointRecord.Container container = endpoint.container();
    if (container == null) {
      return endpoint.netns();
    }
    return container.id().isEmpty() ? endpoint.id() : container.id();
  }

  private void builder(String networkId) {
    NetworkRecord network = state.networks().get(networkId);
    if (network != null) {
      builders.computeIfAbsent(networkId, id -> builder(network));
    }
  }

  private static Zone.Builder builder(NetworkRecord network) {
    Zone.Builder builder = new Zone.Builder(network.name(), network.subnet());
    Ipv6Subnet ipv6 = network.ipv6();
    AddressPairs pairs = network.pairs();
    return ipv6 == null || pairs == null
        ? builder
        : builder.ipv6(Cidr6.parse(ipv6.subnet()), pairs);
  }

  /** Null where this node has no names to give: other networks, and {@code ingress}. */
  private Zone.@Nullable Builder named(String networkId) {
    Zone.Builder builder = builders.get(networkId);
    return builder == null || network(networkId).ingress() ? null : builder;
  }

  private NetworkRecord network(String id) {
    return Objects.requireNonNull(state.networks().get(id));
  }

  private void endpoints() {
    for (EndpointRecord endpoint : state.endpoints().values()) {
      Attachment attachment = endpoint.attachment();
      Zone.Builder names = named(attachment.networkId());
      if (names == null) {
        continue;
      }
      int address = Reverse.address(attachment.address());
      EndpointRecord.Container container = endpoint.container();
      if (container != null) {
        container(endpoint, container, names, address);
        continue;
      }
      if (up(endpoint.nodeId())) {
        names.name(endpoint.name(), List.of(address));
        if (endpoint.serviceId() != null) {
          ready(endpoint.serviceId(), attachment, endpoint.name());
        }
      }
      names.pointer(address, endpoint.name());
    }
  }

  /** As Docker has it on its own networks; containers of one name share it. */
  private void container(
      EndpointRecord endpoint,
      EndpointRecord.Container container,
      Zone.Builder names,
      int address) {
    if (container.id().isEmpty()) {
      return;
    }
    if (up(endpoint.nodeId())) {
      names.name(endpoint.name(), List.of(address));
      container.aliases().forEach(alias -> names.name(alias, List.of(address)));
      names.taskName(shortId(container.id()), address);
    }
    names.pointer(address, endpoint.name());
  }

  private static String shortId(String id) {
    return id.substring(0, Math.min(SHORT_ID, id.length()));
  }

  private void tasks() {
    for (TaskRecord task : state.tasks().values()) {
      if (task.nodeId().isEmpty() || task.status().state().terminal()) {
        continue;
      }
      for (Attachment attachment : task.attachments()) {
        Zone.Builder names = named(attachment.networkId());
        if (names == null) {
          continue;
        }
        int address = Reverse.address(attachment.address());
        for (String name : taskNames(task)) {
          names.taskName(name, address);
        }
        names.pointer(address, task.name());
        if (task.serving() && up(task.nodeId())) {
          ready(task.serviceId(), attachment, task.name());
        }
      }
    }
  }

  /** Its own name, its hostname, and its ID as {@code ps} shows it. */
  private static Set<String> taskNames(TaskRecord task) {
    Set<String> names = new LinkedHashSet<>();
    names.add(task.name());
    names.add(shortId(task.id()));
    names.add(task.id());
    String hostname = task.spec().containerSpec().hostname();
    if (hostname != null && !hostname.isEmpty()) {
      names.add(hostname);
    }
    return names;
  }

  private void ready(String serviceId, Attachment attachment, String name) {
    ready
        .computeIfAbsent(serviceId, id -> new HashMap<>())
        .computeIfAbsent(attachment.networkId(), id -> new ArrayList<>())
        .add(new Place(name, Reverse.address(attachment.address())));
  }

  /** What runs on a node that is down is as good as gone, before anybody has replaced it. */
  private boolean up(String node) {
    NodeRecord record = state.nodes().get(node);
    return record != null && record.status() != NodeState.DOWN;
  }

  private void service(ServiceRecord service) {
    for (NetworkAttachmentConfig config : ServiceSpecs.networks(service.spec())) {
      Zone.Builder names = named(config.target());
      if (names == null) {
        continue;
      }
      List<Place> places =
          ready.getOrDefault(service.id(), Map.of()).getOrDefault(config.target(), List.of());
      List<Integer> addresses = places.stream().map(Place::address).toList();
      Integer vip = vip(service, config.target());
      List<Integer> answer = vip == null ? addresses : List.of(vip);
      List<String> called = new ArrayList<>(List.of(service.name()));
      if (config.aliases() != null) {
        called.addAll(config.aliases());
      }
      for (String name : called) {
        names.name(name, answer);
        names.name("tasks." + name, addresses);
        ports(names, service, name, vip, places);
      }
      if (vip != null) {
        names.pointer(vip, service.name());
      }
    }
  }

  private static @Nullable Integer vip(ServiceRecord service, String networkId) {
    for (VirtualIp vip : service.virtualIps()) {
      if (vip.networkId().equals(networkId)) {
        return Reverse.address(vip.addr());
      }
    }
    return null;
  }

  /** _80._tcp.web for each published target port, and _http._tcp.web where the port has a name. */
  private static void ports(
      Zone.Builder names,
      ServiceRecord service,
      String name,
      @Nullable Integer vip,
      List<Place> places) {
    for (PortConfig port : service.ports()) {
      List<Records.Port> records = new ArrayList<>();
      if (vip != null) {
        add(records, port.targetPort(), names.full(name), vip);
      } else {
        places.forEach(
            place -> add(records, port.targetPort(), names.full(place.name()), place.address()));
      }
      String suffix = "._" + ServiceSpecs.protocol(port) + "." + name;
      names.ports("_" + port.targetPort() + suffix, records);
      if (port.name() != null && !port.name().isEmpty()) {
        names.ports("_" + port.name() + suffix, records);
      }
    }
  }

  private static void add(
      List<Records.Port> records, int port, @Nullable DomainName target, int address) {
    if (target != null) {
      records.add(new Records.Port(port, target, address));
    }
  }

  /** What {@code --dns} gave it. */
  private static List<String> resolvers(@Nullable TaskRecord task) {
    if (task == null || task.spec().containerSpec().dnsConfig() == null) {
      return List.of();
    }
    Object servers = task.spec().containerSpec().dnsConfig().get("Nameservers");
    return servers instanceof List<?> list
        ? list.stream().filter(String.class::isInstance).map(String.class::cast).toList()
        : List.of();
  }
}
