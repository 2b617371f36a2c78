package io.meshd.daemon.rest;

import io.meshd.api.Mesh;
import io.meshd.api.Paths;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.http.Routes.Doors;
import io.meshd.daemon.tasks.LocalTasks.LocalTask;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Set;

/** {@code /containers}: this node's tasks, for {@code ps} and for finding them. */
final class ContainerRoutes {
  private static final Set<String> FILTERS = Set.of("id", "name", "status", "label");

  private final LocalContainers containers;
  private final Clock clock;

  ContainerRoutes(LocalContainers containers, Clock clock) {
    this.containers = containers;
    this.clock = clock;
  }

  void addTo(Routes routes) {
    routes.add(Doors.LOCAL, "GET", Paths.CONTAINERS + "/json", this::list);
    routes.add(Doors.LOCAL, "GET", Paths.CONTAINERS + "/{id}/json", this::inspect);
  }

  private void list(Exchange exchange) {
    Filters filters = Filters.of(exchange, FILTERS);
    boolean all = exchange.flag("all") || !filters.get("status").isEmpty();
    Instant now = Instant.now(clock);
    List<Mesh.Container> found =
        containers.list().stream()
            .filter(task -> all || task.state().equals("running"))
            .filter(task -> matches(task, filters))
            .map(task -> ContainerView.listed(task, now))
            .filter(container -> filters.labels("label", container.labels()))
            .toList();
    exchange.respond(200, found);
  }

  private static boolean matches(LocalTask task, Filters filters) {
    return filters.any("id", task.id()::startsWith)
        && filters.any("name", task.name()::contains)
        && filters.any("status", task.state()::equals);
  }

  private void inspect(Exchange exchange) {
    exchange.respond(200, ContainerView.inspected(containers.find(exchange.param("id"))));
  }
}
