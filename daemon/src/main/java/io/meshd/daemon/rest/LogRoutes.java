package io.meshd.daemon.rest;

import io.meshd.api.Paths;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.http.Routes.Doors;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.ServiceRecord;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.tasks.TaskLogs;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Logs of services and tasks, gathered on the leader: from its own tasks, and from the other nodes
 * over {@link #LOCAL_LOGS}. Every source has a virtual thread; lines of different tasks come in the
 * order in which they arrive.
 */
final class LogRoutes {
  private static final String LOCAL_LOGS = Paths.MESH + "/local/tasks/{id}/logs";

  private final ClusterAccess cluster;
  private final Supplier<@Nullable TaskLogs> local;
  private final NodeReader nodes;

  LogRoutes(ClusterAccess cluster, Supplier<@Nullable TaskLogs> local, NodeReader nodes) {
    this.cluster = cluster;
    this.local = local;
    this.nodes = nodes;
  }

  void addTo(Routes routes) {
    cluster.add(routes, "GET", Paths.SERVICES + "/{id}/logs", this::service);
    cluster.add(routes, "GET", Paths.TASKS + "/{id}/logs", this::task);
    routes.add(Doors.MANAGERS, "GET", LOCAL_LOGS, this::local);
  }

  private void service(Exchange exchange, Proposer proposer) throws InterruptedException {
    LogRequest request = LogRequest.of(exchange);
    ClusterState state = proposer.state();
    ServiceRecord service = Lookup.service(state, exchange.param("id"));
    List<TaskRecord> tasks =
        state.tasks().values().stream()
            .filter(task -> task.serviceId().equals(service.id()) && !task.nodeId().isEmpty())
            .sorted(Comparator.comparing(TaskRecord::createdAt))
            .toList();
    gather(exchange, request, tasks, state);
  }

  private void task(Exchange exchange, Proposer proposer) throws InterruptedException {
    LogRequest request = LogRequest.of(exchange);
    ClusterState state = proposer.state();
    TaskRecord task = Lookup.task(state, exchange.param("id"));
    gather(exchange, request, task.nodeId().isEmpty() ? List.of() : List.of(task), state);
  }

  private void gather(
      Exchange exchange, LogRequest request, List<TaskRecord> tasks, ClusterState state)
      throws InterruptedException {
    LogMerge merge = new LogMerge(request, exchange.stream(200, LogFrames.CONTENT_TYPE));
    exchange.onGone(merge::stop);
    for (TaskRecord task : tasks) {
      NodeRecord node = state.nodes().get(task.nodeId());
      if (task.nodeId().equals(cluster.control().membership().nodeId())) {
        merge.add(task, sink -> fromHere(task.id(), request, sink));
      } else if (node != null && node.status() == NodeRecord.NodeState.READY) {
        merge.add(task, sink -> fromThere(node, task.id(), request, sink));
      }
    }
    merge.await();
  }

  private void fromHere(String taskId, LogRequest request, TaskLogs.LogSink sink)
      throws IOException, InterruptedException {
    TaskLogs tasks = local.get();
    // A task that was replaced long ago has no log any more; the others are still shown.
    if (tasks != null && tasks.knows(taskId)) {
      tasks.logs(taskId, request.tail(), request.follow(), sink);
    }
  }

  private void fromThere(NodeRecord node, String taskId, LogRequest request, TaskLogs.LogSink sink)
      throws IOException, InterruptedException {
    String path =
        "%s?tail=%d&follow=%s"
            .formatted(LOCAL_LOGS.replace("{id}", taskId), request.tail(), request.follow());
    try (InputStream in = nodes.get(node, path)) {
      for (LogFrames.Frame frame = LogFrames.read(in); frame != null; frame = LogFrames.read(in)) {
        sink.line(frame.stderr(), frame.payload());
      }
    }
  }

  /** For the leader: this node's task, one frame per line, without line ends. */
  private void local(Exchange exchange) throws IOException, InterruptedException {
    TaskLogs tasks = local.get();
    String id = exchange.param("id");
    int tail = LogRequest.tail(exchange);
    boolean follow = exchange.flag("follow");
    if (tasks == null || !tasks.knows(id)) {
      throw new ApiException(404, "task " + id + " is not on this node");
    }
    Thread reader = Thread.currentThread();
    exchange.onGone(reader::interrupt);
    try (OutputStream out = exchange.stream(200, LogFrames.CONTENT_TYPE)) {
      tasks.logs(
          id, tail, follow, (stderr, line) -> LogFrames.write(out, stderr, line, line.length));
    }
  }
}
