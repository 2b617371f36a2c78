package io.meshd.daemon.control;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.meshd.api.Json;
import io.meshd.api.Services;
import io.meshd.daemon.command.Ids;
import io.meshd.daemon.command.RaftProposer;
import io.meshd.daemon.reconcile.TaskReports;
import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.state.TaskState;
import io.meshd.daemon.tasks.TaskStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class ReportsTest {
  private static final String AT = "2026-01-01T00:00:00Z";
  private static final Duration LIMIT = Duration.ofSeconds(20);

  @TempDir Path folder;
  private TestManager manager;
  private ClusterClient client;
  private NodeIdentity node;
  private RemoteReports remote;

  @SuppressWarnings("NullAway.Init") // set before each test
  ReportsTest() {}

  @BeforeEach
  void start() throws Exception {
    manager = TestManager.create(folder);
    node = manager.join("w1");
    client = ClusterClient.ofManagers(new NodeCredentials(node));
    remote =
        new RemoteReports(
            new ManagerAddresses(List.of(manager.identity.controlAddress()), list -> {}), client);
  }

  @AfterEach
  void stop() throws Exception {
    client.close();
    manager.close();
  }

  /** IDs of new tasks on that node. */
  private List<String> tasks(String nodeId, int count) throws IOException {
    Services.ServiceSpec spec =
        Json.MAPPER.readValue(
            """
            {"Name": "web%s", "Mode": {"Replicated": {"Replicas": 1}},
             "TaskTemplate": {"Runtime": "process",
                              "ContainerSpec": {"Command": ["sleep"], "Args": ["1"]}}}
            """
                .formatted(nodeId.substring(0, 5)),
            Services.ServiceSpec.class);
    Ids ids = Ids.random();
    String service = manager.must(new Command.CreateService(AT, ids.next(), spec)).id();
    List<Command.NewTask> tasks =
        IntStream.rangeClosed(1, count)
            .mapToObj(
                slot -> new Command.NewTask(ids.next(), slot, nodeId, TaskState.RUNNING, null))
            .toList();
    manager.must(new Command.CreateTasks(AT, service, tasks));
    return tasks.stream().map(Command.NewTask::id).toList();
  }

  private static TaskRecord.Status status(TaskState state, String message) {
    return new TaskRecord.Status(state, AT, message, null, 17, null);
  }

  private TaskRecord.Status statusOf(String taskId) {
    TaskRecord task = manager.state().tasks().get(taskId);
    assertNotNull(task);
    return task.status();
  }

  @Test
  void whatANodeSaysOfItsTasksGetsIntoTheState() throws Exception {
    String task = tasks(node.nodeId(), 1).getFirst();
    TaskRecord.Status running = status(TaskState.RUNNING, "started");
    remote.send(List.of(new Command.Report(task, running)));
    assertEquals(running, statusOf(task));
  }

  @Test
  void aNodeSpeaksForItsOwnTasksOnly() throws Exception {
    String task = tasks(manager.identity.nodeId(), 1).getFirst();
    TaskRecord.Status before = statusOf(task);
    remote.send(List.of(new Command.Report(task, status(TaskState.FAILED, "not mine"))));
    assertEquals(before, statusOf(task));
  }

  @Test
  void reportsOutlastAnOutageOfTheManager() throws Exception {
    List<String> tasks = tasks(node.nodeId(), 3);
    try (TaskReports reports = new TaskReports(remote::send)) {
      reports.onStatus(tasks.get(0), local(TaskStatus.Phase.STARTING));
      await().atMost(LIMIT).until(() -> statusOf(tasks.get(0)).state() == TaskState.STARTING);
      manager.close();
      tasks.forEach(task -> reports.onStatus(task, local(TaskStatus.Phase.STARTING)));
      tasks.forEach(task -> reports.onStatus(task, local(TaskStatus.Phase.RUNNING)));
      manager = TestManager.reopen(folder);
      for (String task : tasks) {
        await().atMost(LIMIT).until(() -> statusOf(task).state() == TaskState.RUNNING);
      }
    }
  }

  private static TaskStatus local(TaskStatus.Phase phase) {
    return new TaskStatus(phase, Instant.EPOCH, "", null, 17, null);
  }

  @Test
  void manyReportsAtOnceTakeFewCommands() throws Exception {
    List<String> tasks = tasks(node.nodeId(), 200);
    long before = manager.state().version();
    List<Thread> nodes = new ArrayList<>();
    for (String task : tasks) {
      nodes.add(
          Thread.ofVirtual()
              .start(
                  () ->
                      manager.reports.accept(
                          node.nodeId(),
                          List.of(new Command.Report(task, status(TaskState.RUNNING, "up"))))));
    }
    for (Thread each : nodes) {
      each.join();
    }
    tasks.forEach(task -> assertEquals(TaskState.RUNNING, statusOf(task).state()));
    long versions = manager.state().version() - before;
    assertEquals(true, versions < 100, versions + " versions for 200 reports");
  }

  @Test
  void aManagerThatDoesNotLeadTakesNone() {
    manager.stepDown();
    IOException refused = assertThrows(IOException.class, () -> remote.send(List.of()));
    assertEquals(RaftProposer.NO_LEADER, refused.getMessage());
  }
}
