package io.meshd.daemon.orchestrate;

import static io.meshd.daemon.state.TestCluster.createService;
import static io.meshd.daemon.state.TestCluster.port;
import static io.meshd.daemon.state.TestCluster.spec;
import static io.meshd.daemon.state.TestCluster.with;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.api.Services;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.ServiceRecord;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.state.TaskState;
import io.meshd.daemon.state.TestCluster;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** How an update goes through a service, in virtual time. */
class UpdateDecisionsTest {
  private final Simulation sim = new Simulation(3);
  private final TestCluster cluster = sim.cluster;

  private Services.ServiceSpec changed(
      long replicas, Services.@Nullable UpdateConfig config, String... command) {
    Services.ServiceSpec spec =
        with(spec("web", replicas), TestCluster.task(List.of(command), null, null, null));
    return config == null ? spec : with(spec, config);
  }

  private String updateState() {
    Services.UpdateStatus status = cluster.service("web").updateStatus();
    return status == null ? "" : String.valueOf(status.state());
  }

  private long outdated() {
    long version = cluster.service("web").specVersion();
    return sim.running().stream().filter(t -> t.specVersion() < version).count();
  }

  @Test
  void updateReplacesOneTaskAtATimeWithTheDelayBetween() {
    cluster.done(createService("s", changed(3, null, "v1")));
    sim.settle();
    sim.mostDown = 0;
    Services.UpdateConfig slow =
        new Services.UpdateConfig(1L, 5_000_000_000L, null, null, null, null);
    cluster.done(cluster.update("web", changed(3, slow, "v2")));
    sim.settle();
    assertEquals("updating", updateState());
    assertEquals(2, outdated());
    sim.run(Duration.ofMillis(4_900));
    assertEquals(2, outdated());
    sim.run(Duration.ofMillis(200));
    assertEquals(1, outdated());
    sim.run(Duration.ofSeconds(5));
    assertEquals(0, outdated());
    sim.run(Duration.ofMinutes(1));
    assertEquals("completed", updateState());
    assertEquals(1, sim.mostDown);
    assertEquals(3, sim.tasks(t -> t.desiredState() == TaskState.SHUTDOWN).size());
    assertTrue(sim.decide().commands().isEmpty());
  }

  @Test
  void startFirstNeverRunsLess() {
    cluster.done(createService("s", changed(4, null, "v1")));
    sim.settle();
    sim.mostDown = 0;
    Services.UpdateConfig config =
        new Services.UpdateConfig(2L, null, null, null, null, "start-first");
    cluster.done(cluster.update("web", changed(4, config, "v2")));
    sim.run(Duration.ofMinutes(1));
    assertEquals("completed", updateState());
    assertEquals(0, sim.mostDown);
    assertEquals(0, outdated());
    assertEquals(4, sim.running().size());
  }

  @Test
  void allAtOnceWhereParallelismIsZero() {
    cluster.done(createService("s", changed(4, null, "v1")));
    sim.settle();
    cluster.done(
        cluster.update(
            "web", changed(4, new Services.UpdateConfig(0L, null, null, null, null, null), "v2")));
    sim.settle();
    assertEquals(0, outdated());
    assertEquals(4, sim.running().size());
  }

  @Test
  void failingUpdateIsPausedAndTheRestKeepsRunning() {
    cluster.done(createService("s", changed(3, null, "v1")));
    sim.settle();
    long old = cluster.service("web").specVersion();
    sim.crashing = task -> task.specVersion() > old;
    Services.UpdateConfig slow =
        new Services.UpdateConfig(1L, 1_000_000_000L, null, null, null, null);
    cluster.done(cluster.update("web", changed(3, slow, "v2")));
    sim.run(Duration.ofMinutes(1));
    assertEquals("paused", updateState());
    assertEquals(2, sim.running().size());
    Services.UpdateStatus status = cluster.service("web").updateStatus();
    assertTrue(
        status != null
            && String.valueOf(status.message())
                .startsWith("update paused due to failure or early termination of task "));
    sim.crashing = task -> false;
    cluster.done(cluster.update("web", changed(3, slow, "v3")));
    sim.run(Duration.ofMinutes(2));
    assertEquals("completed", updateState());
    assertEquals(3, sim.running().size());
  }

  @Test
  void failingUpdateRollsBackWhereAsked() {
    Services.UpdateConfig config =
        new Services.UpdateConfig(1L, null, "rollback", null, null, null);
    cluster.done(createService("s", changed(3, config, "v1")));
    sim.settle();
    sim.crashing = task -> List.of("v2").equals(task.spec().containerSpec().command());
    cluster.done(cluster.update("web", changed(3, config, "v2")));
    sim.run(Duration.ofMinutes(2));
    assertEquals("rollback_completed", updateState());
    assertEquals(3, sim.running().size());
    assertEquals(
        List.of("v1"), cluster.service("web").spec().taskTemplate().containerSpec().command());
  }

  @Test
  void rollingBackReplacesOnlyWhatTheUpdateReplaced() {
    Services.UpdateConfig config =
        new Services.UpdateConfig(1L, 1_000_000_000L, "rollback", null, null, null);
    cluster.done(createService("s", changed(3, config, "v1")));
    sim.settle();
    Set<String> before = Set.copyOf(sim.running().stream().map(TaskRecord::id).toList());
    sim.crashing = task -> List.of("v2").equals(task.spec().containerSpec().command());
    cluster.done(cluster.update("web", changed(3, config, "v2")));
    sim.run(Duration.ofMinutes(2));
    assertEquals("rollback_completed", updateState());
    assertEquals(2, sim.running().stream().filter(t -> before.contains(t.id())).count());
  }

  @Test
  void aManualRollbackSaysSoAndBringsBackTheTasksSpec() {
    cluster.done(createService("s", changed(2, null, "v1")));
    sim.settle();
    cluster.done(cluster.update("web", changed(2, null, "v2")));
    sim.run(Duration.ofMinutes(1));
    assertEquals("completed", updateState());
    ServiceRecord service = cluster.service("web");
    cluster.done(
        new Command.UpdateService(
            sim.at(),
            "web",
            service.version(),
            changed(2, null, "v1"),
            "manually requested rollback"));
    sim.settle();
    assertEquals("rollback_started", updateState());
    sim.run(Duration.ofMinutes(1));
    assertEquals("rollback_completed", updateState());
    assertTrue(
        sim.running().stream()
            .allMatch(t -> List.of("v1").equals(t.spec().containerSpec().command())));
  }

  @Test
  void scalingDownLetsTasksDrainBeforeTheyGo() {
    cluster.done(createService("s", changed(3, null, "v1")));
    sim.settle();
    sim.stuck = task -> true;
    cluster.done(cluster.update("web", changed(1, null, "v1")));
    sim.settle();
    assertEquals(2, sim.tasks(TaskRecord::draining).size());
    sim.stuck = task -> false;
    sim.settle();
    assertEquals(1, cluster.state().tasks().size());
  }

  @Test
  void stopFirstWaitsForTheOldTaskButNotForEver() {
    cluster.done(createService("s", changed(1, null, "v1")));
    sim.settle();
    String old = sim.running().getFirst().id();
    sim.stuck = task -> task.id().equals(old);
    cluster.done(cluster.update("web", changed(1, null, "v2")));
    sim.run(Duration.ofSeconds(50));
    assertEquals(0, sim.running().size());
    sim.run(Duration.ofSeconds(20));
    assertEquals(1, sim.running().size());
  }

  @Test
  void startFirstThatWaitsForTheOldTasksPortGoesOnWithStopFirst() {
    Services.UpdateConfig startFirst =
        new Services.UpdateConfig(1L, null, null, null, null, "start-first");
    Services.UpdateConfig stopFirst =
        new Services.UpdateConfig(1L, null, null, null, null, "stop-first");
    cluster.done(createService("s", holdingAPort(startFirst, "v1")));
    sim.settle();
    Set<String> old = Set.copyOf(sim.running().stream().map(TaskRecord::id).toList());
    assertEquals(3, old.size());
    for (String command : List.of("v2", "v3")) {
      cluster.done(cluster.update("web", holdingAPort(startFirst, command)));
      sim.run(Duration.ofMinutes(1));
      assertEquals(old, Set.copyOf(sim.running().stream().map(TaskRecord::id).toList()));
      // Of the one that was given up, nothing is left to be scheduled.
      assertEquals(1, sim.tasks(t -> t.desiredState() == TaskState.RUNNING).size() - old.size());
    }
    cluster.done(cluster.update("web", holdingAPort(stopFirst, "v3")));
    sim.run(Duration.ofMinutes(1));
    assertEquals(3, sim.running().size());
    assertEquals(0, outdated());
    assertTrue(sim.running().stream().noneMatch(task -> old.contains(task.id())));
  }

  private Services.ServiceSpec holdingAPort(Services.UpdateConfig config, String command) {
    return with(changed(3, config, command), null, TestCluster.hostPort(53, 53));
  }

  @Test
  void publishingAPortReplacesOnlyTasksThatNothingReaches() {
    cluster.done(createService("s", spec("web", 2)));
    sim.settle();
    Set<String> before = Set.copyOf(sim.running().stream().map(TaskRecord::id).toList());
    cluster.done(cluster.update("web", with(spec("web", 2), null, port(8080, 80))));
    sim.run(Duration.ofMinutes(1));
    assertEquals(2, sim.running().size());
    assertTrue(sim.running().stream().noneMatch(t -> before.contains(t.id())));
    Set<String> attached = Set.copyOf(sim.running().stream().map(TaskRecord::id).toList());
    cluster.done(cluster.update("web", with(spec("web", 2), null, port(8080, 80), port(8081, 81))));
    sim.run(Duration.ofMinutes(1));
    assertEquals(attached, Set.copyOf(sim.running().stream().map(TaskRecord::id).toList()));
    assertEquals("", updateState());
  }
}
