package io.meshd.daemon.rest;

import io.meshd.api.Mesh;
import io.meshd.api.Paths;
import io.meshd.daemon.command.Ids;
import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.engine.NoEngineException;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.JsonBody;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.http.Routes.Doors;
import io.meshd.daemon.tasks.LocalTasks.LocalTask;
import java.io.IOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@code exec} in a task of this node: created, started over the connection itself, inspected. */
final class ExecRoutes {
  /** Execs whose exit code can still be asked for. */
  private static final int MAX_KEPT = 1024;

  private final LocalContainers containers;
  private final Engine engine;
  private final Ids ids;
  private final Map<String, ExecSession> sessions = new LinkedHashMap<>();

  ExecRoutes(LocalContainers containers, Engine engine, Ids ids) {
    this.containers = containers;
    this.engine = engine;
    this.ids = ids;
  }

  void addTo(Routes routes) {
    routes.add(Doors.LOCAL, "POST", Paths.CONTAINERS + "/{id}/exec", this::create);
    routes.add(Doors.LOCAL, "POST", Paths.EXEC + "/{id}/start", this::start);
    routes.add(Doors.LOCAL, "GET", Paths.EXEC + "/{id}/json", this::inspect);
    routes.add(Doors.LOCAL, "POST", Paths.EXEC + "/{id}/resize", this::resize);
  }

  private void create(Exchange exchange) throws IOException, InterruptedException {
    LocalTask task = containers.orEngines(exchange.param("id"));
    if (task == null) {
      engine.pass(exchange, containers.enginesPath(exchange.path()), exchange.body());
      return;
    }
    Mesh.ExecCreateRequest request =
        JsonBody.readStrictly(exchange.body(), Mesh.ExecCreateRequest.class);
    if (request.cmd().isEmpty()) {
      throw new ApiException(400, "No exec command specified");
    }
    if (request.user() != null && !request.user().isEmpty()) {
      throw new ApiException(400, "exec as another user is not possible in a process task");
    }
    if (!task.state().equals("running")) {
      throw new ApiException(409, "container %s is not running".formatted(task.id()));
    }
    String id = NetworkView.hexId("exec", ids.next());
    keep(id, new ExecSession(id, task.id(), request));
    exchange.respond(201, new Mesh.IdResponse(id));
  }

  private void keep(String id, ExecSession session) {
    synchronized (sessions) {
      Iterator<ExecSession> oldest = sessions.values().iterator();
      while (sessions.size() >= MAX_KEPT && oldest.hasNext()) {
        ExecSession old = oldest.next();
        if (old.ended() || !old.started()) {
          oldest.remove();
        }
      }
      if (sessions.size() >= MAX_KEPT) {
        throw new ApiException(503, "too many execs run on this node");
      }
      sessions.put(id, session);
    }
  }

  /** Ours, or null after the call has been passed to the Engine. */
  private @Nullable ExecSession find(Exchange exchange) throws IOException, InterruptedException {
    String id = exchange.param("id");
    synchronized (sessions) {
      ExecSession session = sessions.get(id);
      if (session != null) {
        return session;
      }
    }
    try {
      engine.pass(exchange);
      return null;
    } catch (NoEngineException _) {
      throw new ApiException(404, "No such exec instance: " + id);
    }
  }

  private void start(Exchange exchange) throws Exception {
    ExecSession session = find(exchange);
    if (session == null) {
      return;
    }
    Mesh.ExecStartRequest request =
        JsonBody.readStrictly(exchange.body(), Mesh.ExecStartRequest.class);
    session.size(request.consoleSize());
    if (!session.start(containers.runtime())) {
      throw new ApiException(
          409, "exec %s has been started already".formatted(exchange.param("id")));
    }
    if (Boolean.TRUE.equals(request.detach())) {
      exchange.respond(200, null);
      session.runDetached();
      return;
    }
    Exchange.Upgraded client =
        exchange.upgrade(
            session.tty() ? "application/vnd.docker.raw-stream" : LogFrames.CONTENT_TYPE);
    exchange.onGone(session::clientGone);
    session.runAttached(client);
  }

  private void inspect(Exchange exchange) throws IOException, InterruptedException {
    ExecSession session = find(exchange);
    if (session != null) {
      exchange.respond(200, session.inspect());
    }
  }

  private void resize(Exchange exchange) throws IOException, InterruptedException {
    ExecSession session = find(exchange);
    if (session != null) {
      session.resize(number(exchange, "w"), number(exchange, "h"));
      exchange.respond(200, null);
    }
  }

  private static int number(Exchange exchange, String name) {
    String text = exchange.query(name);
    try {
      return Integer.parseInt(text == null ? "" : text);
    } catch (NumberFormatException _) {
      throw new ApiException(
          400, "invalid %s '%s': a number is wanted".formatted(name, text == null ? "" : text));
    }
  }
}
