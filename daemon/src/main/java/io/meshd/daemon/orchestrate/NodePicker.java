package io.meshd.daemon.orchestrate;

import io.meshd.api.Services;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Constraint;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.ServiceRecord;
import io.meshd.daemon.state.ServiceSpecs;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.state.TaskState;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Which node gets the next task: of those that may have it the one that rejected the fewest of the
 * service (another process may have a host port there), then the one with the fewest tasks of it,
 * then with the fewest tasks, then the first by ID. Counts what was picked meanwhile.
 */
final class NodePicker {
  private static final ServiceSpecs.Reserved NOTHING = new ServiceSpecs.Reserved(0, 0);

  private final List<NodeRecord> nodes;
  private final Map<String, Integer> tasks = new HashMap<>();
  private final Map<String, Integer> tasksOfService = new HashMap<>();
  private final Map<String, Integer> rejectedByNode = new HashMap<>();
  private final Map<String, ServiceSpecs.Reserved> reserved = new HashMap<>();
  private final Map<String, List<Services.PortConfig>> hostPorts = new HashMap<>();

  /**
   * @param nodeId empty when there is none
   * @param why then: Swarm's explanation
   */
  record Choice(String nodeId, @Nullable String why) {}

  /** The first check that a node fails, in Swarm's order (swarmkit manager/scheduler). */
  private enum Obstacle {
    UNAVAILABLE,
    RESOURCES,
    CONSTRAINTS,
    NO_ENGINE,
    HOST_PORT,
    MAX_REPLICAS;

    String explain(long count) {
      String on = count == 1 ? "1 node" : count + " nodes";
      return switch (this) {
        case UNAVAILABLE -> on + " not available for new tasks";
        case RESOURCES -> "insufficient resources on " + on;
        case CONSTRAINTS -> "scheduling constraints not satisfied on " + on;
        case NO_ENGINE -> "no Docker Engine on " + on;
        case HOST_PORT -> "host-mode port already in use on " + on;
        case MAX_REPLICAS -> "max replicas per node limit exceed";
      };
    }
  }

  NodePicker(ClusterState state) {
    nodes = state.nodes().values().stream().sorted(Comparator.comparing(NodeRecord::id)).toList();
    for (TaskRecord task : state.tasks().values()) {
      if (task.status().state() == TaskState.REJECTED) {
        rejectedByNode.merge(task.serviceId() + "/" + task.nodeId(), 1, Integer::sum);
      }
      if (task.nodeId().isEmpty() || task.status().state().terminal()) {
        continue;
      }
      reserve(task.nodeId(), task.spec());
      ServiceRecord service = state.services().get(task.serviceId());
      if (task.desiredState().compareTo(TaskState.RUNNING) <= 0) {
        count(task.serviceId(), task.nodeId());
      }
      if (service != null) {
        hold(service, task.nodeId());
      }
    }
  }

  private void count(String serviceId, String nodeId) {
    tasks.merge(nodeId, 1, Integer::sum);
    tasksOfService.merge(serviceId + "/" + nodeId, 1, Integer::sum);
  }

  private void reserve(String nodeId, Services.TaskSpec task) {
    reserved.merge(nodeId, ServiceSpecs.reserved(task), ServiceSpecs.Reserved::plus);
  }

  private boolean fits(Services.TaskSpec task, NodeRecord node) {
    return reserved
        .getOrDefault(node.id(), NOTHING)
        .fits(ServiceSpecs.reserved(task), node.description().resources());
  }

  /** A task that is ending still has its ports. */
  private void hold(ServiceRecord service, String nodeId) {
    fixedHostPorts(service)
        .forEach(
            port ->
                hostPorts.computeIfAbsent(place(nodeId, port), key -> new ArrayList<>()).add(port));
  }

  private static List<Services.PortConfig> fixedHostPorts(ServiceRecord service) {
    return service.ports().stream()
        .filter(ServiceSpecs::host)
        .filter(port -> ServiceSpecs.publishedPort(port) != 0)
        .toList();
  }

  private static String place(String nodeId, Services.PortConfig port) {
    return nodeId + "/" + ServiceSpecs.protocol(port) + "/" + ServiceSpecs.publishedPort(port);
  }

  private boolean held(String nodeId, Services.PortConfig port) {
    return hostPorts.getOrDefault(place(nodeId, port), List.of()).stream()
        .anyMatch(other -> ServiceSpecs.shareAddress(other, port));
  }

  static List<String> constraints(ServiceRecord service) {
    Services.Placement placement = service.spec().taskTemplate().placement();
    return placement == null || placement.constraints() == null
        ? List.of()
        : placement.constraints();
  }

  /** Ready, active, matching: where a global service has a task. */
  List<NodeRecord> eligible(ServiceRecord service) {
    return nodes.stream()
        .filter(NodePicker::available)
        .filter(node -> Constraint.allMatch(constraints(service), node))
        .toList();
  }

  private static boolean available(NodeRecord node) {
    return node.status() == NodeRecord.NodeState.READY
        && node.spec().availability().equals("active");
  }

  /** The best node, counted as having one task more; or why there is none. */
  Choice pick(ServiceRecord service) {
    Map<Obstacle, Long> obstacles = new HashMap<>();
    List<NodeRecord> candidates = new ArrayList<>();
    for (NodeRecord node : nodes) {
      Optional<Obstacle> obstacle = obstacle(service, node);
      if (obstacle.isPresent()) {
        obstacles.merge(obstacle.get(), 1L, Long::sum);
      } else {
        candidates.add(node);
      }
    }
    Optional<NodeRecord> best =
        candidates.stream()
            .min(
                Comparator.<NodeRecord>comparingInt(node -> rejected(service, node))
                    .thenComparingInt(node -> ofService(service, node))
                    .thenComparingInt(node -> tasks.getOrDefault(node.id(), 0)));
    if (best.isEmpty()) {
      return new Choice("", explain(obstacles));
    }
    return placed(service, best.get().id());
  }

  /** A certain node, for a global service; or why it cannot be. */
  Choice pick(ServiceRecord service, NodeRecord node) {
    Optional<Obstacle> obstacle = obstacle(service, node);
    return obstacle.isPresent()
        ? new Choice("", explain(Map.of(obstacle.get(), 1L)))
        : placed(service, node.id());
  }

  private Choice placed(ServiceRecord service, String nodeId) {
    count(service.id(), nodeId);
    hold(service, nodeId);
    reserve(nodeId, service.spec().taskTemplate());
    return new Choice(nodeId, null);
  }

  private int rejected(ServiceRecord service, NodeRecord node) {
    return rejectedByNode.getOrDefault(service.id() + "/" + node.id(), 0);
  }

  private int ofService(ServiceRecord service, NodeRecord node) {
    return tasksOfService.getOrDefault(service.id() + "/" + node.id(), 0);
  }

  private Optional<Obstacle> obstacle(ServiceRecord service, NodeRecord node) {
    if (!available(node)) {
      return Optional.of(Obstacle.UNAVAILABLE);
    }
    if (!fits(service.spec().taskTemplate(), node)) {
      return Optional.of(Obstacle.RESOURCES);
    }
    if (!Constraint.allMatch(constraints(service), node)) {
      return Optional.of(Obstacle.CONSTRAINTS);
    }
    if (ServiceSpecs.container(service.spec()) && !node.runsContainers()) {
      return Optional.of(Obstacle.NO_ENGINE);
    }
    boolean taken = fixedHostPorts(service).stream().anyMatch(port -> held(node.id(), port));
    if (taken) {
      return Optional.of(Obstacle.HOST_PORT);
    }
    Services.Placement placement = service.spec().taskTemplate().placement();
    long most = placement == null ? 0 : Objects.requireNonNullElse(placement.maxReplicas(), 0L);
    return most > 0 && ofService(service, node) >= most
        ? Optional.of(Obstacle.MAX_REPLICAS)
        : Optional.empty();
  }

  private static String explain(Map<Obstacle, Long> obstacles) {
    if (obstacles.isEmpty()) {
      return "no suitable node";
    }
    List<String> reasons =
        obstacles.entrySet().stream()
            .sorted(
                Map.Entry.<Obstacle, Long>comparingByValue()
                    .reversed()
                    .thenComparing(Map.Entry.comparingByKey()))
            .map(entry -> entry.getKey().explain(entry.getValue()))
            .toList();
    return "no suitable node (" + String.join("; ", reasons) + ")";
  }
}
