package io.meshd.daemon.rest;

import io.meshd.api.Paths;
import io.meshd.daemon.control.SwarmControl;
import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.engine.EngineAnswer;
import io.meshd.daemon.engine.NoEngineException;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.tasks.LocalTasks;
import io.meshd.daemon.tasks.LocalTasks.LocalTask;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Finds a task of this node by what a user may type: ID, name, prefix of the ID, service.slot. */
final class LocalContainers {

  /** As tables show it. */
  private static final int SHORT_ID = 12;

  private final Supplier<@Nullable LocalTasks> tasks;
  private final SwarmControl control;

  private final Engine engine;

  LocalContainers(Supplier<@Nullable LocalTasks> tasks, SwarmControl control, Engine engine) {
    this.tasks = tasks;
    this.control = control;
    this.engine = engine;
  }

  /**
   * The task that is meant, or null where the Engine is to answer for it.
   *
   * @throws ApiException as {@link #find}, where there is no Engine or it knows no such container
   */
  @Nullable LocalTask orEngines(String reference) throws IOException {
    if (containerOf(reference) != null) {
      return null;
    }
    try {
      return find(reference);
    } catch (ApiException e) {
      if (e.status() == 404 && engine.answers()) {
        return null; // in its own words, where nobody knows it
      }
      String path = Paths.CONTAINERS + "/" + Lookup.encoded(reference) + "/json";
      try (EngineAnswer answer = engine.call("GET", null, path, null)) {
        if (answer.ok()) {
          return null;
        }
      } catch (NoEngineException _) {
        // then there is nothing beside our own
      }
      throw e;
    }
  }

  /**
   * The path for the Engine: a task of this node, by its ID, the first twelve characters of that at
   * least, or service.slot, is its container there; all else is as it came.
   */
  String enginesPath(String path) {
    String[] parts = path.split("/", 4);
    if (parts.length < 3 || !parts[1].equals("containers")) {
      return path;
    }
    String reference = URLDecoder.decode(parts[2].replace("+", "%2B"), StandardCharsets.UTF_8);
    String container = containerOf(reference);
    return container == null
        ? path
        : "/containers/" + container + (parts.length > 3 ? "/" + parts[3] : "");
  }

  /** The container of a task of this node, those that run before those that did; or null. */
  private @Nullable String containerOf(String reference) {
    String here = control.membership().nodeId();
    return control.state().tasks().values().stream()
        .filter(task -> task.nodeId().equals(here) && task.status().containerId() != null)
        .filter(
            task ->
                task.id().equals(reference)
                    || (reference.length() >= SHORT_ID && task.id().startsWith(reference))
                    || (task.serviceName() + "." + task.slot()).equals(reference))
        .max(
            Comparator.comparing((TaskRecord task) -> task.reachable())
                .thenComparing(TaskRecord::createdAt))
        .map(task -> task.status().containerId())
        .orElse(null);
  }

  /** What this node knows. */
  ClusterState state() {
    return control.state();
  }

  /** Newest first, as {@code docker ps}. */
  List<LocalTask> list() {
    LocalTasks local = tasks.get();
    return local == null
        ? List.of()
        : local.list().stream()
            .sorted(Comparator.comparing(LocalTask::created).reversed())
            .toList();
  }

  LocalTasks runtime() {
    LocalTasks local = tasks.get();
    if (local == null) {
      throw new ApiException(503, ClusterAccess.NO_SWARM);
    }
    return local;
  }

  /**
   * @throws ApiException 409 when the task runs on another node, which is named; 404 otherwise
   */
  LocalTask find(String reference) {
    String plain = reference.startsWith("/") ? reference.substring(1) : reference;
    List<LocalTask> all = list();
    List<Predicate<LocalTask>> ways =
        List.of(
            task -> task.id().equals(plain),
            task -> task.name().equals(plain),
            task -> task.name().startsWith(plain + ".") && plain.contains(".") && running(task),
            task -> !plain.isEmpty() && task.id().startsWith(plain));
    for (Predicate<LocalTask> way : ways) {
      List<LocalTask> matches = all.stream().filter(way).toList();
      if (matches.size() == 1) {
        return matches.getFirst();
      }
      if (matches.size() > 1) {
        throw new ApiException(
            400, "container %s is ambiguous (%d matches found)".formatted(plain, matches.size()));
      }
    }
    throw elsewhere(plain);
  }

  private static boolean running(LocalTask task) {
    return task.state().equals("running");
  }

  private ApiException elsewhere(String reference) {
    ClusterState state = control.state();
    String here = control.membership().nodeId();
    return state.tasks().values().stream()
        .filter(task -> !task.nodeId().equals(here) && names(task, reference))
        .max(
            Comparator.comparing((TaskRecord task) -> task.reachable())
                .thenComparing(TaskRecord::createdAt))
        .map(task -> runsOn(task, state.nodes().get(task.nodeId()), reference))
        .orElseGet(() -> new ApiException(404, "No such container: " + reference));
  }

  private static boolean names(TaskRecord task, String reference) {
    return !task.nodeId().isEmpty()
        && !reference.isEmpty()
        && (task.id().startsWith(reference)
            || task.name().equals(reference)
            || (task.serviceName() + "." + task.slot()).equals(reference));
  }

  private static ApiException runsOn(TaskRecord task, @Nullable NodeRecord node, String reference) {
    return new ApiException(
        409,
        "task %s runs on node %s: run it there"
            .formatted(reference, node == null ? task.nodeId() : node.hostname()));
  }
}
