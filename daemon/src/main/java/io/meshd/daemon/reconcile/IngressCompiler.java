package io.meshd.daemon.reconcile;

import io.meshd.api.Services.Balancing;
import io.meshd.api.Services.PortConfig;
import io.meshd.daemon.ingress.IngressPort;
import io.meshd.daemon.ingress.Preserving;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.EndpointRecord;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.NodeAddress;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.NodeRecord.NodeState;
import io.meshd.daemon.state.ServiceRecord;
import io.meshd.daemon.state.ServiceSpecs;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.dataplane.PortSlice;
import io.meshd.ipam.Cidr;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** From what the cluster agreed on to the published ports that a node answers. Pure. */
final class IngressCompiler {
  private final ClusterState state;
  private final String nodeId;
  private final List<Cidr> bridges;

  /** Made for the first port that asks for it: most clusters have none. */
  private @Nullable Preserving preserving;

  private IngressCompiler(ClusterState state, String nodeId, List<Cidr> bridges) {
    this.state = state;
    this.nodeId = nodeId;
    this.bridges = bridges;
  }

  /**
   * All ports in ingress mode, by number, protocol and address.
   *
   * @param bridges the subnets of the node's bridges
   */
  static List<IngressPort> compile(ClusterState state, String nodeId, List<Cidr> bridges) {
    return new IngressCompiler(state, nodeId, bridges).ports();
  }

  private Preserving preserving(PortConfig port) {
    if (!ServiceSpecs.preserves(port)) {
      return Preserving.NONE;
    }
    Preserving made = preserving;
    if (made == null) {
      made = preserving();
      preserving = made;
    }
    return made;
  }

  private Preserving preserving() {
    NodeRecord node = state.nodes().get(nodeId);
    PortSlice slice = node == null ? null : PreservedCompiler.slice(node);
    List<Cidr> ours = new ArrayList<>(bridges);
    state.networks().values().stream()
        .map(NetworkRecord::subnet)
        .sorted()
        .map(Cidr::parse)
        .forEach(ours::add);
    return slice == null
        ? new Preserving(0, 0, ours)
        : new Preserving(slice.first(), slice.last(), ours);
  }

  /** IDs of the tasks and endpoints of nodes that are down. */
  static Set<String> lost(ClusterState state) {
    IngressCompiler compiler = new IngressCompiler(state, "", List.of());
    Set<String> lost = new HashSet<>();
    for (TaskRecord task : state.tasks().values()) {
      if (compiler.down(task.nodeId())) {
        lost.add(task.id());
      }
    }
    for (EndpointRecord endpoint : state.endpoints().values()) {
      if (compiler.down(endpoint.nodeId())) {
        lost.add(endpoint.id());
      }
    }
    return lost;
  }

  private boolean down(String id) {
    NodeRecord node = state.nodes().get(id);
    return node != null && node.status() == NodeState.DOWN;
  }

  private List<IngressPort> ports() {
    Map<String, List<Answering>> answering = answering();
    List<IngressPort> ports = new ArrayList<>();
    for (ServiceRecord service : state.services().values()) {
      List<Answering> own = answering.getOrDefault(service.id(), List.of());
      for (PortConfig port : service.ports()) {
        if (ServiceSpecs.ingress(port) && ServiceSpecs.publishedPort(port) != 0) {
          ports.add(port(service, port, own));
        }
      }
    }
    ports.sort(
        Comparator.comparingInt(IngressPort::publishedPort)
            .thenComparing(IngressPort::protocol)
            .thenComparing(port -> Objects.requireNonNullElse(port.hostIp(), "")));
    return List.copyOf(ports);
  }

  private IngressPort port(ServiceRecord service, PortConfig port, List<Answering> own) {
    Balancing balancing = ServiceSpecs.balancing(service.spec());
    return new IngressPort(
        ServiceSpecs.protocol(port).equals("udp")
            ? IngressPort.Protocol.UDP
            : IngressPort.Protocol.TCP,
        ServiceSpecs.publishedPort(port),
        port.hostIp(),
        service.name(),
        clientAddress(port),
        preserving(port),
        new IngressPort.Balancing(
            "client-ip".equals(balancing.affinity()),
            Boolean.TRUE.equals(balancing.preferLocal()),
            Objects.requireNonNullElse(balancing.slowStart(), 0L),
            !Boolean.FALSE.equals(balancing.ejectOutliers())),
        own.stream()
            .sorted(Comparator.comparing(Answering::id))
            .map(one -> backend(one, balancing, port.targetPort()))
            .toList());
  }

  private static IngressPort.ClientAddress clientAddress(PortConfig port) {
    if (ServiceSpecs.preserves(port)) {
      return IngressPort.ClientAddress.PRESERVE;
    }
    return "proxy-v2".equals(port.clientAddress())
        ? IngressPort.ClientAddress.PROXY_V2
        : IngressPort.ClientAddress.SNAT;
  }

  private IngressPort.Backend backend(Answering one, Balancing balancing, int targetPort) {
    return new IngressPort.Backend(
        one.id,
        one.address,
        targetPort,
        ServiceSpecs.weight(balancing, one.node),
        one.node.id().equals(nodeId),
        one.readySinceMillis);
  }

  /** A ready task, or an endpoint that somebody runs for the service: to be ready is their part. */
  private record Answering(String id, String address, NodeRecord node, long readySinceMillis) {}

  private Map<String, List<Answering>> answering() {
    Map<String, List<Answering>> byService = new HashMap<>();
    for (TaskRecord task : state.tasks().values()) {
      NodeRecord node = up(task.nodeId());
      if (task.serving() && !task.attachments().isEmpty() && node != null) {
        String address = task.attachments().getFirst().address();
        byService
            .computeIfAbsent(task.serviceId(), id -> new ArrayList<>())
            .add(new Answering(task.id(), address, node, millis(task.status().timestamp())));
      }
    }
    for (EndpointRecord endpoint : state.endpoints().values()) {
      String service = endpoint.serviceId();
      NodeRecord node = up(endpoint.nodeId());
      if (service != null && node != null && fromNodes(endpoint)) {
        String address = endpoint.attachment().address();
        byService
            .computeIfAbsent(service, id -> new ArrayList<>())
            .add(new Answering(endpoint.id(), address, node, millis(endpoint.createdAt())));
      }
    }
    return byService;
  }

  /** Whether nodes have addresses on the endpoint's network to connect from. */
  private boolean fromNodes(EndpointRecord endpoint) {
    return state
        .nodeAddresses()
        .containsKey(NodeAddress.key(endpoint.attachment().networkId(), endpoint.nodeId()));
  }

  /** What runs on a node that is down is as good as gone, before anybody has replaced it. */
  private @Nullable NodeRecord up(String id) {
    NodeRecord node = state.nodes().get(id);
    return node == null || !node.takesNew() ? null : node;
  }

  /** What another node's clock said; 0, long ago, where it is no time. */
  static long millis(String timestamp) {
    try {
      return Instant.parse(timestamp).toEpochMilli();
    } catch (DateTimeParseException e) {
      return 0;
    }
  }
}
