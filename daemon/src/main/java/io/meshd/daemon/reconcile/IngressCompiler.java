package io.meshd.daemon.reconcile;

import io.meshd.api.Services.PortConfig;
import io.meshd.daemon.ingress.IngressPort;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.EndpointRecord;
import io.meshd.daemon.state.NodeAddress;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.NodeRecord.NodeState;
import io.meshd.daemon.state.ServiceRecord;
import io.meshd.daemon.state.TaskRecord;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * From what the cluster agreed on to the published ports that every node answers. Pure.
 *
 * @param ports TCP ports in ingress mode, by number
 * @param notServed UDP ports in ingress mode: nobody answers them yet
 */
public record IngressCompiler(List<IngressPort> ports, List<Integer> notServed) {

  public static IngressCompiler compile(ClusterState state) {
    Map<String, List<Answering>> answering = answering(state);
    List<IngressPort> ports = new ArrayList<>();
    List<Integer> notServed = new ArrayList<>();
    for (ServiceRecord service : state.services().values()) {
      for (PortConfig port : service.ports()) {
        Integer published = port.publishedPort();
        if (published == null || published == 0 || "host".equals(port.publishMode())) {
          continue;
        }
        if (port.protocol() == null || port.protocol().equals("tcp")) {
          List<Answering> own = answering.getOrDefault(service.id(), List.of());
          ports.add(new IngressPort(published, service.name(), backends(own, port.targetPort())));
        } else {
          notServed.add(published);
        }
      }
    }
    ports.sort(Comparator.comparingInt(IngressPort::publishedPort));
    notServed.sort(null);
    return new IngressCompiler(List.copyOf(ports), List.copyOf(notServed));
  }

  /** A ready task, or an endpoint that somebody runs for the service: to be ready is their part. */
  private record Answering(String id, String address) {}

  private static Map<String, List<Answering>> answering(ClusterState state) {
    Map<String, List<Answering>> byService = new HashMap<>();
    for (TaskRecord task : state.tasks().values()) {
      if (task.serving() && !task.attachments().isEmpty() && up(task.nodeId(), state)) {
        String address = task.attachments().getFirst().address();
        byService
            .computeIfAbsent(task.serviceId(), id -> new ArrayList<>())
            .add(new Answering(task.id(), address));
      }
    }
    for (EndpointRecord endpoint : state.endpoints().values()) {
      String service = endpoint.serviceId();
      if (service != null && fromNodes(endpoint, state) && up(endpoint.nodeId(), state)) {
        byService
            .computeIfAbsent(service, id -> new ArrayList<>())
            .add(new Answering(endpoint.id(), endpoint.attachment().address()));
      }
    }
    return byService;
  }

  /** Whether nodes have addresses on the endpoint's network to connect from. */
  private static boolean fromNodes(EndpointRecord endpoint, ClusterState state) {
    return state
        .nodeAddresses()
        .containsKey(NodeAddress.key(endpoint.attachment().networkId(), endpoint.nodeId()));
  }

  /** What runs on a node that is down is as good as gone, before anybody has replaced it. */
  private static boolean up(String nodeId, ClusterState state) {
    NodeRecord node = state.nodes().get(nodeId);
    return node != null && node.status() != NodeState.DOWN;
  }

  private static List<IngressPort.Backend> backends(List<Answering> own, int targetPort) {
    return own.stream()
        .sorted(Comparator.comparing(Answering::id))
        .map(one -> new IngressPort.Backend(one.id(), one.address(), targetPort))
        .toList();
  }
}
