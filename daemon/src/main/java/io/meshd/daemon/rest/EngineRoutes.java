package io.meshd.daemon.rest;

import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.engine.NoEngineException;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.http.Routes.Doors;
import io.meshd.daemon.tasks.LocalTasks.LocalTask;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;

/**
 * What no other route serves: the Engine's, unless it is of a noun that is ours alone, or of a
 * container that is a process task. Bodies go through as they come.
 */
final class EngineRoutes {
  private static final Set<String> OURS = Set.of("swarm", "nodes", "services", "tasks", "mesh");

  /** Docker's nouns that are not served, by their paths. */
  private static final Map<String, String> WITHOUT =
      Map.of("secrets", "secrets", "configs", "configs");

  private final Engine engine;
  private final LocalContainers containers;

  EngineRoutes(Engine engine, LocalContainers containers) {
    this.engine = engine;
    this.containers = containers;
  }

  void addTo(Routes routes) {
    routes.addRest(this::rest);
    routes.add(Doors.LOCAL, "GET", "/distribution/{image...}", this::distribution);
  }

  private void rest(Exchange exchange) throws IOException, InterruptedException {
    String[] path = exchange.path().split("/", -1);
    String noun = path.length > 1 ? path[1] : "";
    if (OURS.contains(noun)) {
      throw new ApiException(404, "page not found");
    }
    if (WITHOUT.containsKey(noun)) {
      throw new ApiException(501, WITHOUT.get(noun) + " are not supported by meshd");
    }
    if (noun.equals("containers") && path.length > 2) {
      refuseForProcess(path);
    }
    pass(exchange);
  }

  /** Container commands that have no meaning, or another way, for a process task. */
  private void refuseForProcess(String[] path) throws IOException {
    boolean collection = path.length == 3 && (path[2].equals("create") || path[2].equals("prune"));
    if (collection) {
      return;
    }
    String reference = URLDecoder.decode(path[2].replace("+", "%2B"), StandardCharsets.UTF_8);
    LocalTask task = containers.orEngines(reference);
    if (task != null) {
      throw new ApiException(
          501,
          "%s is a process task of service %s: this is not possible with it, its service is what can be scaled, updated and removed"
              .formatted(task.name(), task.serviceName()));
    }
  }

  private void pass(Exchange exchange) throws IOException, InterruptedException {
    try {
      engine.pass(exchange, containers.enginesPath(exchange.path()), exchange.body());
    } catch (NoEngineException e) {
      throw new ApiException(503, String.valueOf(e.getMessage()));
    }
  }

  /** The CLI asks for an image's digest and goes on without one; a process has none. */
  private void distribution(Exchange exchange) throws IOException, InterruptedException {
    String image = exchange.param("image").replaceFirst("/json$", "");
    if (ProcessImage.named(image)) {
      exchange.respond(
          200, Map.of("Descriptor", Map.of("digest", ""), "Platforms", java.util.List.of()));
      return;
    }
    pass(exchange);
  }
}
