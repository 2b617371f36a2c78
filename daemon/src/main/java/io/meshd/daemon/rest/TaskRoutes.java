package io.meshd.daemon.rest;

import io.meshd.api.Paths;
import io.meshd.api.Tasks;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.ServiceRecord;
import io.meshd.daemon.state.TaskRecord;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** {@code /tasks}, without their logs. */
final class TaskRoutes {
  private static final Set<String> FILTERS =
      Set.of("id", "name", "service", "node", "label", "desired-state", "_up-to-date", "runtime");
  private static final Set<String> DESIRED_STATES = Set.of("running", "shutdown", "accepted");

  private final ClusterAccess cluster;

  TaskRoutes(ClusterAccess cluster) {
    this.cluster = cluster;
  }

  void addTo(Routes routes) {
    cluster.add(routes, "GET", Paths.TASKS, this::list);
    cluster.add(routes, "GET", Paths.TASKS + "/{id}", this::inspect);
  }

  private void list(Exchange exchange, Proposer proposer) {
    Filters filters = Filters.of(exchange, FILTERS);
    for (String desired : filters.get("desired-state")) {
      if (!DESIRED_STATES.contains(desired)) {
        throw new ApiException(400, "Invalid desired-state filter: '" + desired + "'");
      }
    }
    ClusterState state = proposer.state();
    Set<String> services =
        filters.get("service").stream()
            .map(reference -> Lookup.service(state, reference).id())
            .collect(Collectors.toSet());
    String asking = cluster.askingNode(exchange);
    Set<String> nodes =
        filters.get("node").stream()
            .map(reference -> node(state, reference, asking))
            .collect(Collectors.toSet());
    Boolean upToDate = filters.flag("_up-to-date");
    List<Tasks.Task> tasks =
        state.tasks().values().stream()
            .filter(task -> services.isEmpty() || services.contains(task.serviceId()))
            .filter(task -> nodes.isEmpty() || nodes.contains(task.nodeId()))
            .filter(task -> upToDate == null || upToDate == upToDate(task, state))
            .filter(task -> matches(task, filters, state.services().get(task.serviceId())))
            .sorted(Comparator.comparing(TaskRecord::createdAt).thenComparing(TaskRecord::id))
            .map(task -> TaskView.of(task, state))
            .toList();
    exchange.respond(200, tasks);
  }

  private static String node(ClusterState state, String reference, String asking) {
    return reference.equals("self") ? asking : Lookup.node(state, reference).id();
  }

  private static boolean upToDate(TaskRecord task, ClusterState state) {
    ServiceRecord service = state.services().get(task.serviceId());
    return service != null && service.specVersion() == task.specVersion();
  }

  private static boolean matches(
      TaskRecord task, Filters filters, @Nullable ServiceRecord service) {
    return filters.any("id", task.id()::startsWith)
        && filters.any("name", task.name()::startsWith)
        && filters.any("desired-state", task.desiredState().word()::equals)
        && filters.labels("label", service == null ? null : service.spec().labels());
  }

  private void inspect(Exchange exchange, Proposer proposer) {
    ClusterState state = proposer.state();
    exchange.respond(200, TaskView.of(Lookup.task(state, exchange.param("id")), state));
  }
}
