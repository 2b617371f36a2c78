package io.meshd.daemon.reconcile;

import io.meshd.api.Services.PortConfig;
import io.meshd.daemon.ingress.IngressPort;
import io.meshd.daemon.state.ClusterState;
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
    Map<String, List<TaskRecord>> tasks = new HashMap<>();
    for (TaskRecord task : state.tasks().values()) {
      if (answers(task, state)) {
        tasks.computeIfAbsent(task.serviceId(), id -> new ArrayList<>()).add(task);
      }
    }
    List<IngressPort> ports = new ArrayList<>();
    List<Integer> notServed = new ArrayList<>();
    for (ServiceRecord service : state.services().values()) {
      for (PortConfig port : service.ports()) {
        Integer published = port.publishedPort();
        if (published == null || published == 0 || "host".equals(port.publishMode())) {
          continue;
        }
        if (port.protocol() == null || port.protocol().equals("tcp")) {
          List<TaskRecord> own = tasks.getOrDefault(service.id(), List.of());
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

  /** A task of a node that is down is as good as gone, before anybody has replaced it. */
  private static boolean answers(TaskRecord task, ClusterState state) {
    NodeRecord node = state.nodes().get(task.nodeId());
    return task.serving()
        && !task.attachments().isEmpty()
        && node != null
        && node.status() != NodeState.DOWN;
  }

  private static List<IngressPort.Backend> backends(List<TaskRecord> tasks, int targetPort) {
    return tasks.stream()
        .sorted(Comparator.comparing(TaskRecord::id))
        .map(t -> new IngressPort.Backend(t.id(), t.attachments().getFirst().address(), targetPort))
        .toList();
  }
}
