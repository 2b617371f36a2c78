package io.meshd.daemon.rest;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import io.meshd.api.Paths;
import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.engine.EngineAnswer;
import io.meshd.daemon.engine.NoEngineException;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.http.Routes.Doors;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.tasks.LocalTasks.LocalTask;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/** {@code /containers}: this node's process tasks beside the containers of its Engine. */
final class ContainerRoutes {
  /** Those that can hold for a process task. */
  private static final Set<String> OURS =
      Set.of("id", "name", "status", "label", "is-task", "ancestor");

  /** Those that never do. */
  private static final Set<String> ENGINES =
      Set.of(
          "before",
          "exited",
          "expose",
          "health",
          "isolation",
          "network",
          "publish",
          "since",
          "volume");

  private static final Set<String> FILTERS =
      java.util.stream.Stream.of(OURS, ENGINES)
          .flatMap(Set::stream)
          .collect(java.util.stream.Collectors.toUnmodifiableSet());

  private final LocalContainers containers;
  private final Engine engine;
  private final Clock clock;

  ContainerRoutes(LocalContainers containers, Engine engine, Clock clock) {
    this.containers = containers;
    this.engine = engine;
    this.clock = clock;
  }

  void addTo(Routes routes) {
    routes.add(Doors.LOCAL, "GET", Paths.CONTAINERS + "/json", this::list);
    routes.add(Doors.LOCAL, "GET", Paths.CONTAINERS + "/{id}/json", this::inspect);
    routes.add(Doors.LOCAL, "GET", Paths.CONTAINERS + "/{id}/logs", this::logs);
  }

  private void list(Exchange exchange) throws IOException {
    Filters filters = Filters.of(exchange, FILTERS);
    List<JsonNode> all = new ArrayList<>(processes(exchange, filters));
    try (EngineAnswer answer = engine.call(exchange)) {
      answer.json().forEach(all::add);
    } catch (NoEngineException _) {
      // the tasks alone
    }
    int limit = limit(exchange);
    exchange.respond(
        200,
        all.stream()
            .sorted(
                Comparator.comparingLong((JsonNode one) -> one.path("Created").asLong()).reversed())
            .limit(limit > 0 ? limit : Long.MAX_VALUE)
            .toList());
  }

  private static int limit(Exchange exchange) {
    String text = exchange.query("limit");
    return text != null && text.matches("[0-9]{1,9}") ? Integer.parseInt(text) : 0;
  }

  private List<JsonNode> processes(Exchange exchange, Filters filters) {
    if (ENGINES.stream().anyMatch(key -> !filters.get(key).isEmpty())) {
      return List.of();
    }
    boolean all = exchange.flag("all") || !filters.get("status").isEmpty() || limit(exchange) > 0;
    Instant now = Instant.now(clock);
    ClusterState state = containers.state();
    return containers.list().stream()
        .filter(task -> all || task.state().equals("running"))
        .filter(task -> matches(task, filters))
        .map(task -> ContainerView.listed(task, state, now))
        .filter(container -> filters.labels("label", container.labels()))
        .<JsonNode>map(Json.MAPPER::valueToTree)
        .toList();
  }

  private static boolean matches(LocalTask task, Filters filters) {
    return filters.any("id", task.id()::startsWith)
        && filters.any("name", task.name()::contains)
        && filters.any("status", task.state()::equals)
        && filters.any("ancestor", ProcessImage::named)
        && !Boolean.FALSE.equals(filters.flag("is-task"));
  }

  private void inspect(Exchange exchange) throws IOException, InterruptedException {
    LocalTask task = containers.orEngines(exchange.param("id"));
    if (task == null) {
      engine.pass(exchange, containers.enginesPath(exchange.path()), exchange.body());
    } else {
      exchange.respond(200, ContainerView.inspected(task, containers.state()));
    }
  }

  private void logs(Exchange exchange) throws IOException, InterruptedException {
    LocalTask task = containers.orEngines(exchange.param("id"));
    if (task == null) {
      engine.pass(exchange, containers.enginesPath(exchange.path()), exchange.body());
      return;
    }
    LogRequest request = LogRequest.of(exchange);
    if (request.details()) {
      throw new ApiException(400, "a process task has no details of its log: ask without details");
    }
    Thread reader = Thread.currentThread();
    exchange.onGone(reader::interrupt);
    try (OutputStream out = exchange.stream(200, LogFrames.CONTENT_TYPE)) {
      containers
          .runtime()
          .logs(task.id(), request.tail(), request.follow(), LogMerge.lines(request, out));
    }
  }
}
