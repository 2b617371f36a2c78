package io.meshd.daemon.orchestrate;

import static io.meshd.daemon.state.TestCluster.AT;
import static io.meshd.daemon.state.TestCluster.createService;
import static io.meshd.daemon.state.TestCluster.hostPort;
import static io.meshd.daemon.state.TestCluster.spec;
import static io.meshd.daemon.state.TestCluster.with;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.api.Nodes;
import io.meshd.api.Services;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.RestartTiming;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.state.TaskState;
import io.meshd.daemon.state.TestCluster;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DecisionsTest {
  private final Simulation sim = new Simulation(3);
  private final TestCluster cluster = sim.cluster;

  private static final Services.ServiceMode GLOBAL =
      new Services.ServiceMode(null, new Services.Global());

  private void nodeSpec(int i, Map<String, String> labels, String availability) {
    NodeRecord node = cluster.state().nodes().get("n" + i);
    if (node == null) {
      throw new AssertionError("no node n" + i);
    }
    cluster.done(
        new Command.UpdateNodeSpec(
            AT,
            node.id(),
            node.version(),
            new Nodes.NodeSpec(null, labels, node.spec().role(), availability)));
  }

  private static Services.TaskSpec constrained(String constraint) {
    return TestCluster.task(
        List.of("x"), null, new Services.Placement(List.of(constraint), null, null, null), null);
  }

  @Test
  void replicasAreSpreadOverNodesAndMadeInOneCommand() {
    cluster.done(createService("s", spec("web", 7)));
    assertEquals(1, sim.decide().commands().size());
    sim.settle();
    assertEquals("{n1=3, n2=2, n3=2}", sim.spread());
    assertEquals(Set.of(1L, 2L, 3L, 4L, 5L, 6L, 7L), sim.slots());
    cluster.done(createService("s2", spec("other", 2)));
    sim.settle();
    assertEquals("{n1=3, n2=3, n3=3}", sim.spread());
  }

  @Test
  void scalingDownLeavesABalanceAndNoHistory() {
    cluster.done(createService("s", spec("web", 6)));
    sim.settle();
    cluster.done(cluster.update("web", spec("web", 3)));
    sim.settle();
    assertEquals("{n1=1, n2=1, n3=1}", sim.spread());
    assertEquals(Set.of(1L, 2L, 3L), sim.slots());
    assertEquals(3, cluster.state().tasks().size());
    cluster.done(cluster.update("web", spec("web", 0)));
    sim.settle();
    assertTrue(cluster.state().tasks().isEmpty());
    cluster.done(cluster.update("web", spec("web", 2)));
    sim.settle();
    assertEquals(Set.of(1L, 2L), sim.slots());
  }

  @Test
  void tasksOfADeadNodeRunElsewhereAndEndWhenItReturns() {
    cluster.done(createService("s", spec("web", 3)));
    sim.settle();
    cluster.status(2, NodeRecord.NodeState.DOWN);
    sim.settle();
    assertEquals(3, sim.running().size());
    assertTrue(sim.running().stream().noneMatch(t -> t.nodeId().equals("n2")));
    List<TaskRecord> left = sim.tasks(t -> t.nodeId().equals("n2"));
    assertEquals(TaskState.SHUTDOWN, left.getFirst().desiredState());
    assertEquals(TaskState.RUNNING, left.getFirst().status().state());
    cluster.status(2, NodeRecord.NodeState.READY);
    sim.settle();
    assertEquals(3, sim.running().size());
    assertTrue(
        sim.tasks(t -> t.nodeId().equals("n2")).stream()
            .allMatch(t -> t.status().state() == TaskState.SHUTDOWN));
  }

  @Test
  void anUnknownNodeKeepsItsTasksAndGetsNoNewOnes() {
    cluster.done(createService("s", spec("web", 3)));
    sim.settle();
    cluster.status(2, NodeRecord.NodeState.UNKNOWN);
    cluster.done(cluster.update("web", spec("web", 5)));
    sim.settle();
    assertEquals("{n1=2, n2=1, n3=2}", sim.spread());
  }

  @Test
  void drainedNodeIsEmptiedAndPausedNodeOnlySkipped() {
    cluster.done(createService("s", spec("web", 3)));
    cluster.done(createService("g", with(spec("agent", 1), GLOBAL)));
    sim.settle();
    nodeSpec(3, Map.of(), "drain");
    sim.settle();
    assertEquals(5, sim.running().size());
    assertTrue(sim.running().stream().noneMatch(t -> t.nodeId().equals("n3")));
    nodeSpec(3, Map.of(), "active");
    sim.settle();
    assertEquals(6, sim.running().size());
    nodeSpec(2, Map.of(), "pause");
    cluster.done(cluster.update("web", spec("web", 6)));
    sim.settle();
    assertEquals(9, sim.running().size());
    cluster.done(cluster.update("web", spec("web", 0)));
    sim.settle();
    assertEquals("{n1=1, n2=1, n3=1}", sim.spread());
  }

  @Test
  void globalServiceFollowsTheNodes() {
    cluster.done(
        createService("g", with(with(spec("agent", 1), constrained("node.labels.x==y")), GLOBAL)));
    sim.settle();
    assertEquals("{}", sim.spread());
    nodeSpec(2, Map.of("x", "y"), "active");
    sim.settle();
    assertEquals("{n2=1}", sim.spread());
    cluster.node(4);
    nodeSpec(4, Map.of("x", "Y"), "active");
    sim.settle();
    assertEquals("{n2=1, n4=1}", sim.spread());
    nodeSpec(2, Map.of(), "active");
    sim.settle();
    assertEquals("{n4=1}", sim.spread());
    cluster.status(4, NodeRecord.NodeState.DOWN);
    sim.settle();
    cluster.done(new Command.RemoveNode(AT, "n4", false));
    sim.settle();
    assertTrue(sim.tasks(t -> t.nodeId().equals("n4")).isEmpty());
  }

  @Test
  void withoutASuitableNodeATaskWaitsAndSaysWhy() {
    cluster.done(createService("s", with(spec("web", 1), constrained("node.labels.a==b"))));
    sim.settle();
    TaskRecord task = sim.tasks(t -> true).getFirst();
    assertEquals(TaskState.PENDING, task.status().state());
    assertEquals(
        "no suitable node (scheduling constraints not satisfied on 3 nodes)", task.status().err());
    nodeSpec(3, Map.of(), "pause");
    sim.settle();
    assertEquals(
        "no suitable node (scheduling constraints not satisfied on 2 nodes; 1 node not available"
            + " for new tasks)",
        sim.tasks(t -> true).getFirst().status().err());
    nodeSpec(1, Map.of("a", "b"), "active");
    sim.settle();
    assertEquals("{n1=1}", sim.spread());
    assertEquals(task.id(), sim.running().getFirst().id());
  }

  @Test
  void hostPortsOfDifferentAddressesDoNot() {
    Services.PortConfig one =
        new Services.PortConfig(null, "udp", 53, 53, "host", "10.99.0.1", null);
    Services.PortConfig two =
        new Services.PortConfig(null, "udp", 53, 53, "host", "10.99.0.2", null);
    cluster.done(createService("s", with(spec("dns", 3), null, one)));
    cluster.done(createService("s2", with(spec("dns2", 3), null, two)));
    sim.settle();
    assertEquals("{n1=2, n2=2, n3=2}", sim.spread());
    cluster.done(createService("s3", with(spec("all", 1), null, hostPort(53, 53))));
    sim.settle();
    assertEquals(1, sim.tasks(t -> t.status().state() == TaskState.PENDING).size());
  }

  @Test
  void aTaskThatItsNodeRejectsIsTriedElsewhere() {
    sim.stuck = task -> task.nodeId().equals("n1");
    cluster.done(createService("s", with(spec("dns", 1), null, hostPort(53, 53))));
    sim.settle();
    TaskRecord task = sim.tasks(t -> t.nodeId().equals("n1")).getFirst();
    cluster.report(sim.at(), TaskState.REJECTED, task.id());
    sim.run(Duration.ofMinutes(1));
    assertEquals("{n2=1}", sim.spread());
  }

  @Test
  void hostPortsKeepTasksApart() {
    cluster.done(createService("s", with(spec("dns", 5), null, hostPort(53, 53))));
    cluster.done(createService("s2", with(spec("free", 3), null, hostPort(0, 53))));
    sim.settle();
    assertEquals("{n1=2, n2=2, n3=2}", sim.spread());
    List<TaskRecord> pending = sim.tasks(t -> t.status().state() == TaskState.PENDING);
    assertEquals(2, pending.size());
    assertEquals(
        "no suitable node (host-mode port already in use on 3 nodes)",
        pending.getFirst().status().err());
  }

  @Test
  void aFullNetworkIsAskedAgainFromTimeToTime() {
    cluster.done(
        TestCluster.createNetwork(
            "tiny", TestCluster.request("tiny", "10.7.0.0/29", null, null, false, Map.of())));
    cluster.done(createService("s", spec("web", 5, "tiny")));
    sim.run(Duration.ofSeconds(30));
    assertEquals(4, sim.running().size());
    cluster.done(cluster.update("web", spec("web", 4, "tiny")));
    cluster.done(createService("s2", spec("more", 0)));
    sim.run(Duration.ofSeconds(30));
    assertEquals(4, sim.running().size());
    assertEquals(4, cluster.state().tasks().size());
  }

  @Test
  void deadTaskIsFollowedAfterTheDelayAndCrashLoopsBackOff() {
    cluster.done(createService("s", spec("web", 1)));
    sim.settle();
    cluster.report(sim.at(), TaskState.FAILED, sim.running().getFirst().id());
    sim.settle();
    assertEquals(0, sim.running().size());
    sim.run(Duration.ofMillis(4_900));
    assertEquals(0, sim.running().size());
    sim.run(Duration.ofMillis(200));
    assertEquals(1, sim.running().size());
    assertEquals(TaskState.SHUTDOWN, sim.tasks(t -> true).getFirst().desiredState());
    sim.crashing = task -> true;
    sim.run(Duration.ofMinutes(10));
    long tries = Long.parseLong(sim.tasks(t -> true).getLast().id().substring(4));
    assertTrue(tries > 8 && tries < 25, "tries " + tries);
    assertTrue(cluster.state().tasks().size() <= 6);
    sim.crashing = task -> false;
    sim.run(Duration.ofMinutes(2));
    assertEquals(1, sim.running().size());
  }

  private static Services.ServiceSpec restarting(
      String condition, @Nullable Long attempts, @Nullable Long delay) {
    return with(
        spec("web", 2),
        TestCluster.task(
            List.of("x"),
            new Services.RestartPolicy(condition, delay, attempts, null),
            null,
            null));
  }

  @Test
  void restartPolicyIsKept() {
    cluster.done(createService("s", restarting("on-failure", null, null)));
    sim.settle();
    cluster.report(sim.at(), TaskState.COMPLETE, sim.running().getFirst().id());
    sim.run(Duration.ofMinutes(5));
    assertEquals(1, sim.running().size());
    assertEquals(2, cluster.state().tasks().size());
    cluster.report(sim.at(), TaskState.FAILED, sim.running().getFirst().id());
    sim.run(Duration.ofMinutes(5));
    assertEquals(1, sim.running().size());
    assertEquals(3, cluster.state().tasks().size());
  }

  @Test
  void attemptsAreCounted() {
    sim.crashing = task -> true;
    cluster.done(createService("s", restarting("any", 3L, 0L)));
    sim.run(Duration.ofMinutes(20));
    assertEquals(8, cluster.state().tasks().size());
    assertEquals(0, sim.running().size());
    assertTrue(sim.decide().commands().isEmpty());
  }

  @Test
  void removedServiceLeavesNothing() {
    cluster.done(createService("s", spec("web", 4)));
    sim.settle();
    cluster.status(2, NodeRecord.NodeState.DOWN);
    sim.settle();
    cluster.done(new Command.RemoveService(AT, "web"));
    sim.settle();
    assertTrue(cluster.state().tasks().isEmpty());
  }

  @Test
  void theDelayIsPolicyThenDoubling() {
    Duration five = Duration.ofSeconds(5);
    assertEquals(
        List.of(5L, 5L, 10L, 20L, 40L, 60L, 60L),
        List.of(1, 2, 3, 4, 5, 6, 60).stream()
            .map(n -> RestartTiming.delay(five, n).toSeconds())
            .toList());
    assertEquals(Duration.ZERO, RestartTiming.delay(Duration.ZERO, 2));
    assertEquals(Duration.ofSeconds(2), RestartTiming.delay(Duration.ZERO, 3));
    assertEquals(Duration.ofHours(1), RestartTiming.delay(Duration.ofHours(1), 9));
  }
}
