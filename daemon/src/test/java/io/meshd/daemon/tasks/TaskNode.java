package io.meshd.daemon.tasks;

import static org.awaitility.Awaitility.await;

import io.meshd.daemon.linux.NodeBridges;
import io.meshd.daemon.linux.ScratchNamespaces;
import io.meshd.daemon.tasks.TaskStatus.Phase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A node's tasks with a host namespace of its own, for one test. */
final class TaskNode implements AutoCloseable {
  private static int count;

  final ScratchNamespaces scratch = new ScratchNamespaces();
  final Path host = scratch.make("host");
  final List<String> told = new CopyOnWriteArrayList<>();
  private final NodeBridges.Subnets subnets =
      new NodeBridges(host, scratch.folder().resolve("bridges.json")).ensure();
  TaskSupervisor tasks = supervisor();

  TaskNode() throws IOException {}

  private TaskSupervisor supervisor() throws IOException {
    return new TaskSupervisor(
        scratch.folder().resolve("tasks"),
        scratch.namespaces(),
        host,
        subnets,
        "n1",
        (id, status) -> told.add(status.phase() + " " + status.message()));
  }

  /** As after kill -9 and a start: nothing is said to the tasks. */
  void restart() throws IOException {
    tasks.close();
    tasks = supervisor();
  }

  static String id() {
    return String.format("mt%x%04dxxxxxxxxxxxxxxxxxxxxx", ProcessHandle.current().pid(), count++)
        .substring(0, 25);
  }

  static DesiredTask task(String... command) {
    return task(id(), List.of(), List.of(), null, command);
  }

  static DesiredTask task(
      String id,
      List<String> env,
      List<DesiredTask.TaskNetwork> networks,
      @Nullable String user,
      String... command) {
    return new DesiredTask(
        id,
        "web.1." + id,
        "service",
        "web",
        List.of(command),
        env,
        null,
        user,
        null,
        null,
        Duration.ofSeconds(1).toNanos(),
        1,
        networks,
        List.of(),
        List.of(),
        TaskNames.NONE,
        null);
  }

  static DesiredTask withPorts(DesiredTask task, HostPort... ports) {
    return new DesiredTask(
        task.id(),
        task.name(),
        task.serviceId(),
        task.serviceName(),
        task.command(),
        task.env(),
        task.directory(),
        task.user(),
        task.hostname(),
        task.stopSignal(),
        task.stopGraceNanos(),
        task.generation(),
        task.networks(),
        List.of(ports),
        task.awaitedPorts(),
        task.names(),
        task.container());
  }

  String start(DesiredTask task) throws IOException {
    tasks.prepare(task);
    tasks.connect(task.id());
    tasks.launch(task.id());
    return task.id();
  }

  TaskStatus awaitPhase(String id, Phase phase) {
    return await()
        .atMost(Duration.ofSeconds(15))
        .pollInterval(Duration.ofMillis(10))
        .until(() -> tasks.status(id), s -> s != null && s.phase() == phase);
  }

  /** What the task printed so far, standard error marked with {@code !}. */
  List<String> output(String id) throws IOException, InterruptedException {
    List<String> lines = new ArrayList<>();
    tasks.logs(
        id,
        -1,
        false,
        (stderr, line) ->
            lines.add((stderr ? "!" : "") + new String(line, StandardCharsets.UTF_8)));
    return lines;
  }

  @Override
  public void close() throws IOException {
    for (String id : tasks.ids()) {
      tasks.stop(id);
    }
    for (String id : tasks.ids()) {
      await()
          .atMost(Duration.ofSeconds(15))
          .until(
              () -> {
                TaskStatus status = tasks.status(id);
                return status == null || status.phase().terminal();
              });
      tasks.forget(id);
    }
    tasks.close();
    scratch.close();
  }
}
