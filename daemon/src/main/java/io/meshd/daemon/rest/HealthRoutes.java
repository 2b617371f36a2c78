package io.meshd.daemon.rest;

import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.http.Routes.Doors;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.ServiceRecord;
import io.meshd.daemon.state.ServiceSpecs;
import io.meshd.daemon.state.TaskRecord;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * {@code /healthz}: whether a load balancer should send to this node. Answered from what the node
 * has, without asking a manager, so that it is right also when there is none.
 *
 * <ul>
 *   <li>{@code GET /healthz}: 200 when the node serves the mesh and is not drained, else 503
 *   <li>{@code GET /healthz/SERVICE}: 200 when moreover it answers the service's ports and there is
 *       a ready task to answer with; with {@code ?local=1}, or when the service has no port in
 *       ingress mode, one of its own; else 503, and 404 for a service that is not
 * </ul>
 */
public final class HealthRoutes {
  private final Supplier<@Nullable Served> node;

  /**
   * What a node serves.
   *
   * @param unanswered by service name: why ports of it are not answered on this node
   */
  public record Served(ClusterState state, String nodeId, Map<String, List<String>> unanswered) {}

  /**
   * @param node null while the node is in no cluster, or has not taken up its work yet
   */
  public HealthRoutes(Supplier<@Nullable Served> node) {
    this.node = node;
  }

  public void addTo(Routes routes) {
    for (String method : new String[] {"GET", "HEAD"}) {
      routes.add(Doors.ANYONE, method, "/healthz", this::ofNode);
      routes.add(Doors.ANYONE, method, "/healthz/{service}", this::ofService);
    }
  }

  private void ofNode(Exchange exchange) {
    Served served = node.get();
    Map<String, Object> answer = new LinkedHashMap<>();
    boolean ready = served != null && active(served);
    answer.put("ready", ready);
    answer.put("unanswered", served == null ? Map.of() : served.unanswered);
    exchange.respond(ready ? 200 : 503, answer);
  }

  /** A paused node takes no new tasks, but serves. */
  private static boolean active(Served served) {
    NodeRecord record = served.state.nodes().get(served.nodeId);
    return record != null && !record.spec().availability().equals("drain");
  }

  private void ofService(Exchange exchange) {
    String reference = exchange.param("service");
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("service", reference);
    Served served = node.get();
    if (served == null) {
      exchange.respond(503, answer);
      return;
    }
    ServiceRecord service = find(served.state, reference);
    if (service == null) {
      exchange.respond(404, answer);
      return;
    }
    List<TaskRecord> ready =
        served.state.tasks().values().stream()
            .filter(task -> task.serviceId().equals(service.id()) && task.serving())
            .filter(task -> up(task, served.state))
            .toList();
    long local = ready.stream().filter(task -> task.nodeId().equals(served.nodeId)).count();
    boolean localOnly = exchange.flag("local") || !ServiceSpecs.publishesIngress(service.ports());
    boolean answered = !served.unanswered.containsKey(service.name());
    boolean healthy = active(served) && answered && (localOnly ? local : ready.size()) > 0;
    answer.put("localTasks", local);
    answer.put("readyTasks", ready.size());
    exchange.respond(healthy ? 200 : 503, answer);
  }

  private static @Nullable ServiceRecord find(ClusterState state, String reference) {
    ServiceRecord byId = state.services().get(reference);
    if (byId != null) {
      return byId;
    }
    return state.services().values().stream()
        .filter(service -> service.name().equals(reference))
        .findFirst()
        .orElse(null);
  }

  private static boolean up(TaskRecord task, ClusterState state) {
    NodeRecord record = state.nodes().get(task.nodeId());
    return record != null && record.takesNew();
  }
}
