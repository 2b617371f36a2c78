package io.meshd.daemon.reconcile;

import io.meshd.api.Services;
import io.meshd.daemon.state.Attachment;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.EndpointRecord;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.NodeRecord.NodeState;
import io.meshd.daemon.state.ServiceRecord;
import io.meshd.daemon.state.ServiceSpecs;
import io.meshd.daemon.state.SwarmNetwork;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.dataplane.ForwardingSpec.Address;
import io.meshd.dataplane.ForwardingSpec.Backend;
import io.meshd.dataplane.ForwardingSpec.Balancing;
import io.meshd.dataplane.ForwardingSpec.Choice;
import io.meshd.dataplane.ForwardingSpec.VirtualService;
import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.Ipv6Address;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The virtual IPs of a network and who answers for each: a service's tasks that serve or drain, and
 * endpoints that somebody runs for it, on nodes that are not down. Pure.
 */
final class VirtualServiceCompiler {
  private final ClusterState state;

  /** By network and service. */
  private final Map<String, List<Backend>> backends = new HashMap<>();

  VirtualServiceCompiler(ClusterState state) {
    this.state = state;
    for (TaskRecord task : state.tasks().values()) {
      if (task.serving() || task.draining()) {
        long since = IngressCompiler.millis(task.status().timestamp());
        for (Attachment attachment : task.attachments()) {
          add(task.id(), task.serviceId(), task.nodeId(), attachment, task.draining(), since);
        }
      }
    }
    for (EndpointRecord endpoint : state.endpoints().values()) {
      String service = endpoint.serviceId();
      if (service != null) {
        long since = IngressCompiler.millis(endpoint.createdAt());
        add(endpoint.id(), service, endpoint.nodeId(), endpoint.attachment(), false, since);
      }
    }
  }

  private void add(
      String id,
      String serviceId,
      String nodeId,
      Attachment attachment,
      boolean draining,
      long since) {
    NodeRecord node = up(nodeId);
    ServiceRecord service = state.services().get(serviceId);
    if (node == null || service == null) {
      return;
    }
    Ipv4Address ip = Ipv4Address.parse(attachment.address());
    int weight = ServiceSpecs.weight(ServiceSpecs.balancing(service.spec()), node);
    backends
        .computeIfAbsent(key(attachment.networkId(), serviceId), k -> new ArrayList<>())
        .add(new Backend(id, ip, weight, draining || !node.takesNew(), since));
  }

  /** What runs on a node that is down is as good as gone, before anybody has replaced it. */
  private @Nullable NodeRecord up(String id) {
    NodeRecord node = state.nodes().get(id);
    return node == null || node.status() == NodeState.DOWN ? null : node;
  }

  /** Sorted by virtual IP, their backends by ID. */
  List<VirtualService> on(String networkId) {
    List<VirtualService> services = new ArrayList<>();
    for (ServiceRecord service : state.services().values()) {
      for (Services.VirtualIp vip : service.virtualIps()) {
        if (vip.networkId().equals(networkId)) {
          services.add(service(service, vip));
        }
      }
    }
    NetworkRecord network = state.networks().get(networkId);
    if (network != null && network.swarm() != null) {
      network.swarm().services().forEach(service -> services.add(service(networkId, service)));
    }
    services.sort(Comparator.comparingInt(service -> service.vip().ip().bits()));
    return List.copyOf(services);
  }

  private VirtualService service(ServiceRecord service, Services.VirtualIp vip) {
    Ipv4Address ip = Ipv4Address.parse(vip.addr().substring(0, vip.addr().indexOf('/')));
    NetworkRecord network = state.networks().get(vip.networkId());
    String ipv6 = network == null ? null : network.ipv6Of(ip.toString());
    return new VirtualService(
        service.id(),
        service.name(),
        new Address(
            ip, ForwardingCompiler.macOf(ip), ipv6 == null ? null : Ipv6Address.parse(ipv6)),
        balancing(ServiceSpecs.balancing(service.spec())),
        backends.getOrDefault(key(vip.networkId(), service.id()), List.of()).stream()
            .sorted(Comparator.comparing(Backend::id))
            .toList());
  }

  /** Of a Docker Swarm: of the tasks that it says run, those that are on nodes that are here. */
  private VirtualService service(String networkId, SwarmNetwork.Service service) {
    Ipv4Address ip = Ipv4Address.parse(service.virtualIp());
    List<Backend> found = new ArrayList<>();
    for (EndpointRecord endpoint : state.endpoints().values()) {
      Attachment attachment = endpoint.attachment();
      NodeRecord node = up(endpoint.nodeId());
      boolean stays = service.backends().contains(attachment.address());
      boolean has = stays || service.draining().contains(attachment.address());
      if (node != null && has && attachment.networkId().equals(networkId)) {
        long since = IngressCompiler.millis(endpoint.createdAt());
        found.add(
            new Backend(
                endpoint.id(),
                Ipv4Address.parse(attachment.address()),
                ServiceSpecs.DEFAULT_WEIGHT,
                !stays || !node.takesNew(),
                since));
      }
    }
    found.sort(Comparator.comparing(Backend::id));
    return new VirtualService(
        service.id(),
        service.name(),
        new Address(ip, ForwardingCompiler.macOf(ip)),
        balancing(new Services.Balancing(null, null, null, null, null)),
        List.copyOf(found));
  }

  private static Balancing balancing(Services.Balancing spec) {
    return new Balancing(
        "client-ip".equals(spec.affinity()) ? Choice.CLIENT_ADDRESS : Choice.FEWEST_FLOWS,
        Boolean.TRUE.equals(spec.preferLocal()),
        Objects.requireNonNullElse(spec.slowStart(), 0L),
        !Boolean.FALSE.equals(spec.ejectOutliers()));
  }

  private static String key(String network, String service) {
    return network + "/" + service;
  }
}
