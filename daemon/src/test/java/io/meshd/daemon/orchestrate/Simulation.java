package io.meshd.daemon.orchestrate;

import io.meshd.daemon.command.Ids;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.ServiceSpecs;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.state.TaskState;
import io.meshd.daemon.state.TestCluster;
import io.meshd.daemon.state.Times;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * A cluster in virtual time: the leader's decisions are applied until none is left, nodes that are
 * ready start what they are given and end what they are told to.
 */
final class Simulation {
  private static final int MOST_ROUNDS = 500;

  final TestCluster cluster;
  Instant now = Instant.parse("2026-01-02T03:04:05Z");

  /** Tasks that their node neither starts nor ends. */
  Predicate<TaskRecord> stuck = task -> false;

  /** Tasks that end by themselves as soon as they run. */
  Predicate<TaskRecord> crashing = task -> false;

  /** The most tasks of any service that were to run but did not, after any round. */
  int mostDown;

  private int next;
  private final Ids ids = () -> String.format("task%04d", next++);

  Simulation(int nodes) {
    cluster = TestCluster.of(nodes);
  }

  String at() {
    return Times.format(now);
  }

  Plan.Decision decide() {
    return Decisions.decide(cluster.state(), now, ids);
  }

  /** Until the leader has nothing to do now and the nodes have nothing to say. */
  void settle() {
    for (int round = 0; round < MOST_ROUNDS; round++) {
      List<Command> commands = decide().commands();
      commands.forEach(cluster::done);
      boolean moved = nodes();
      if (commands.isEmpty() && !moved) {
        return;
      }
    }
    throw new AssertionError("does not settle: " + decide().commands());
  }

  /** Settles, and again at every time that the leader wants to look. */
  void run(Duration time) {
    Instant end = now.plus(time);
    settle();
    for (int round = 0; round < MOST_ROUNDS; round++) {
      Instant wake = decide().wakeAt();
      if (wake == null || wake.isAfter(end)) {
        now = end;
        settle();
        return;
      }
      now = wake.isAfter(now) ? wake : now.plusMillis(1);
      settle();
    }
    throw new AssertionError("wakes too often");
  }

  private boolean nodes() {
    boolean moved = false;
    for (TaskRecord task : tasks(t -> !t.nodeId().isEmpty() && !t.status().state().terminal())) {
      NodeRecord node = cluster.state().nodes().get(task.nodeId());
      if (node == null || node.status() != NodeRecord.NodeState.READY || stuck.test(task)) {
        continue;
      }
      TaskState state = task.status().state();
      if (task.desiredState().compareTo(TaskState.RUNNING) > 0) {
        cluster.report(at(), TaskState.SHUTDOWN, task.id());
        moved = true;
      } else if (state != TaskState.RUNNING) {
        cluster.report(at(), TaskState.RUNNING, task.id());
        moved = true;
      } else if (crashing.test(task)) {
        cluster.report(at(), TaskState.FAILED, task.id());
        moved = true;
      }
    }
    long wanted =
        cluster.state().services().values().stream()
            .filter(service -> !ServiceSpecs.global(service.spec()))
            .mapToLong(service -> ServiceSpecs.replicas(service.spec()))
            .sum();
    mostDown = (int) Math.max(mostDown, wanted - running().size());
    return moved;
  }

  List<TaskRecord> tasks(Predicate<TaskRecord> which) {
    return cluster.state().tasks().values().stream()
        .filter(which)
        .sorted(Comparator.comparing(TaskRecord::id))
        .toList();
  }

  List<TaskRecord> running() {
    return tasks(
        t -> t.status().state() == TaskState.RUNNING && t.desiredState() == TaskState.RUNNING);
  }

  /** n1=2, n2=1: running tasks per node. */
  String spread() {
    return running().stream()
        .collect(Collectors.groupingBy(TaskRecord::nodeId, TreeMap::new, Collectors.counting()))
        .toString();
  }

  Set<Long> slots() {
    return running().stream().map(TaskRecord::slot).collect(Collectors.toCollection(HashSet::new));
  }
}
