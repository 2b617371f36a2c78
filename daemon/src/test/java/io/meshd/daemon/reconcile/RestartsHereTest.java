package io.meshd.daemon.reconcile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.api.Services;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.state.TaskState;
import io.meshd.daemon.tasks.TaskRun;
import io.meshd.daemon.tasks.TaskStatus.Phase;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RestartsHereTest {
  private static final Instant NOW = Instant.parse("2025-01-01T12:00:00Z");

  @Test
  void itWaitsForTheDelayOfThePolicy() {
    assertFalse(due(null, run(100, 4, Phase.FAILED)));
    assertTrue(due(null, run(100, 5, Phase.FAILED)));
    assertTrue(due(policy("any", 1, null), run(100, 1, Phase.COMPLETE)));
  }

  @Test
  void endsInARowMakeTheDelayLonger() {
    List<TaskRun> runs = new ArrayList<>();
    for (int end = 9; end < 60; end += 10) {
      runs.add(run(end + 1, end, Phase.FAILED));
    }
    assertFalse(due(null, runs.toArray(TaskRun[]::new)));
    assertTrue(due(null, runs.subList(0, 2).toArray(TaskRun[]::new)));
  }

  @Test
  void thePolicySaysWhetherAndHowOften() {
    assertFalse(due(policy("none", 1, null), run(100, 50, Phase.FAILED)));
    assertFalse(due(policy("on-failure", 1, null), run(100, 50, Phase.COMPLETE)));
    assertTrue(due(policy("on-failure", 1, null), run(100, 50, Phase.FAILED)));
    TaskRun[] three = {
      run(100, 50, Phase.FAILED), run(300, 200, Phase.FAILED), run(500, 400, Phase.FAILED)
    };
    assertTrue(due(policy("any", 1, 3L), three));
    assertFalse(due(policy("any", 1, 2L), three));
  }

  @Test
  void oneThatWasEndedStaysSo() {
    assertFalse(due(null, run(100, 50, Phase.SHUTDOWN)));
    assertFalse(due(null));
    TestCluster cluster = new TestCluster();
    String id = task(cluster, null);
    cluster.desire(id, TaskState.SHUTDOWN);
    assertFalse(
        RestartsHere.due(
            record(cluster, id), List.of(run(100, 50, Phase.FAILED)), cluster.state(), NOW));
  }

  @Test
  void earlierTasksOfItsSlotCount() {
    TestCluster cluster = new TestCluster();
    cluster.node("n1", "10.99.0.1");
    String before = task(cluster, policy("any", 1, 1L));
    cluster.status(before, TaskState.FAILED);
    TaskRecord old = record(cluster, before);
    String id = task(cluster, policy("any", 1, 1L));
    List<TaskRun> runs = List.of(run(100, 50, Phase.FAILED));
    assertTrue(RestartsHere.due(record(cluster, id), runs, cluster.state(), NOW));
    cluster.change(
        s ->
            s.with(
                s.nodes(),
                s.tasks().plus(old.id(), made(old, "2024-12-31T00:00:00Z")),
                s.endpoints()));
    assertEquals(2, cluster.state().tasks().size());
    assertFalse(RestartsHere.due(record(cluster, id), runs, cluster.state(), NOW));
  }

  private static TaskRecord made(TaskRecord task, String createdAt) {
    return new TaskRecord(
        task.id(),
        task.version(),
        createdAt,
        createdAt,
        task.serviceId(),
        task.serviceName(),
        task.slot(),
        task.nodeId(),
        task.spec(),
        task.specVersion(),
        task.desiredState(),
        task.status(),
        task.attachments(),
        null);
  }

  private static boolean due(Services.@Nullable RestartPolicy policy, TaskRun... runs) {
    TestCluster cluster = new TestCluster();
    return RestartsHere.due(
        record(cluster, task(cluster, policy)), List.of(runs), cluster.state(), NOW);
  }

  private static TaskRecord record(TestCluster cluster, String id) {
    return Objects.requireNonNull(cluster.taskRecord(id));
  }

  private static String task(TestCluster cluster, Services.@Nullable RestartPolicy policy) {
    Services.TaskSpec spec = TestCluster.spec("process", "true");
    return cluster.task(
        "n1",
        "web",
        TaskState.RUNNING,
        new Services.TaskSpec(
            spec.containerSpec(), null, policy, null, null, null, null, spec.runtime()),
        List.of());
  }

  private static Services.RestartPolicy policy(
      String condition, int seconds, @Nullable Long attempts) {
    return new Services.RestartPolicy(condition, seconds * 1_000_000_000L, attempts, null);
  }

  /** Both in seconds before now. */
  private static TaskRun run(int from, int to, Phase end) {
    return new TaskRun(NOW.minusSeconds(from).toString(), NOW.minusSeconds(to).toString(), end);
  }
}
