package io.meshd.daemon.orchestrate;

import static io.meshd.daemon.state.TestCluster.createService;
import static io.meshd.daemon.state.TestCluster.spec;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshd.api.Services;
import io.meshd.daemon.command.Ids;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.Outcome;
import io.meshd.daemon.state.StateCodec;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.state.TaskState;
import io.meshd.daemon.state.TestCluster;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The loop with a real machine and real time; what it decides is tested elsewhere. */
class OrchestratorTest {
  private final TestCluster cluster = TestCluster.of(2);

  /** A log of one: proposals are applied where they are made, one at a time. */
  private final Proposer proposer =
      new Proposer() {
        @Override
        public boolean confirm() {
          return true;
        }

        @Override
        public synchronized Outcome propose(Command command) {
          return StateCodec.decodeOutcome(cluster.machine().apply(StateCodec.encode(command)));
        }

        @Override
        public ClusterState state() {
          return cluster.machine().state();
        }
      };

  private final Orchestrator orchestrator =
      new Orchestrator(
          proposer, cluster.machine()::subscribe, InstantSource.system(), Ids.random());

  @AfterEach
  void stop() {
    orchestrator.stop();
  }

  private long tasks(TaskState state) {
    return cluster.state().tasks().values().stream()
        .filter(task -> task.status().state() == state)
        .count();
  }

  private void report(TaskRecord task, TaskState state) {
    String at = Instant.now().toString();
    proposer.propose(
        new Command.ReportTasks(
            at,
            List.of(
                new Command.Report(
                    task.id(), new TaskRecord.Status(state, at, null, null, null, null)))));
  }

  @Test
  void newServicesGetTasksAndDeadTasksFollowersWithoutAnyNudge() {
    orchestrator.start();
    orchestrator.start();
    proposer.propose(
        createService(
            "s",
            TestCluster.with(
                spec("web", 3),
                TestCluster.task(
                    List.of("x"),
                    new Services.RestartPolicy("any", 300_000_000L, null, null),
                    null,
                    null))));
    await().until(() -> tasks(TaskState.ASSIGNED) == 3);
    TaskRecord first = cluster.state().tasks().values().iterator().next();
    report(first, TaskState.FAILED);
    // Nothing but time wakes the loop for this one.
    await().until(() -> tasks(TaskState.ASSIGNED) == 3);
    assertEquals(1, tasks(TaskState.FAILED));
  }

  @Test
  void aStoppedLoopProposesNothingAndCanStartAgain() {
    orchestrator.start();
    orchestrator.stop();
    proposer.propose(createService("s", spec("web", 2)));
    assertEquals(0, cluster.state().tasks().size());
    orchestrator.start();
    await().until(() -> tasks(TaskState.ASSIGNED) == 2);
  }
}
