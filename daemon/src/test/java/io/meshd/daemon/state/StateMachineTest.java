package io.meshd.daemon.state;

import static io.meshd.daemon.state.TestCluster.AT;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.api.Nodes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StateMachineTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"from-the-future\",\"at\":\"x\"}",
        "",
        "{}",
        "null",
        "[]",
        "{\"type\":",
        "\0\0"
      })
  void whatIsNoCommandIsRefusedAndChangesNothing(String entry) {
    TestCluster cluster = TestCluster.of(1);
    byte[] before = cluster.machine().snapshot();
    byte[] answer = cluster.machine().apply(entry.getBytes(StandardCharsets.UTF_8));
    assertEquals(
        new Outcome.Refused(Outcome.Reason.INVALID_ARGUMENT, "unknown command"),
        StateCodec.decodeOutcome(answer));
    assertArrayEquals(before, cluster.machine().snapshot());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"create-service\",\"at\":\"x\"}",
        "{\"type\":\"create-network\",\"at\":\"x\",\"id\":\"i\"}",
        "{\"type\":\"upsert-node\",\"at\":\"x\"}",
        "{\"type\":\"create-tasks\",\"at\":\"x\"}"
      })
  void aCommandWithHolesIsRefusedAndChangesNothing(String entry) {
    TestCluster cluster = TestCluster.of(1);
    byte[] before = cluster.machine().snapshot();
    byte[] answer = cluster.machine().apply(entry.getBytes(StandardCharsets.UTF_8));
    assertEquals("Refused", StateCodec.decodeOutcome(answer).getClass().getSimpleName());
    assertArrayEquals(before, cluster.machine().snapshot());
  }

  @Test
  void beforeTheClusterIsMadeEverythingElseIsRefused() {
    TestCluster cluster = new TestCluster();
    cluster.refusal(new Command.RemoveNetwork(AT, "x"));
    cluster.done(
        new Command.InitCluster(
            AT, "id", "in", List.of("10.20.0.0/16"), 26, 5789, "w", "m", "g", null, null));
    assertEquals("10.20.0.0/26", cluster.network("ingress").subnet());
    assertEquals(
        "the cluster exists already",
        cluster.refusal(
            new Command.InitCluster(AT, "id2", "in", List.of(), 0, 0, "w", "m", "g", null, null)));
  }

  @Test
  void badPoolsAndPortsAreRefused() {
    TestCluster cluster = new TestCluster();
    for (Map.Entry<Command.InitCluster, String> e :
        Map.of(
                new Command.InitCluster(
                    AT, "i", "n", List.of("10.0.0.0"), 24, 0, "w", "m", "g", null, null),
                "invalid CIDR address: 10.0.0.0",
                new Command.InitCluster(
                    AT, "i", "n", List.of("10.0.0.0/25"), 24, 0, "w", "m", "g", null, null),
                "invalid default address pool 10.0.0.0/25: it is smaller than one subnet of /24",
                new Command.InitCluster(
                    AT,
                    "i",
                    "n",
                    List.of("10.0.0.0/8", "10.1.0.0/16"),
                    24,
                    0,
                    "w",
                    "m",
                    "g",
                    null,
                    null),
                "invalid default address pools: 10.0.0.0/8 and 10.1.0.0/16 overlap",
                new Command.InitCluster(AT, "i", "n", List.of(), 24, 80, "w", "m", "g", null, null),
                "invalid data path port 80: it must be between 1024 and 49151")
            .entrySet()) {
      assertEquals(e.getValue(), cluster.refusal(e.getKey()));
    }
  }

  @Test
  void whoTakesOverIsTheOnlyManagerAndVersionsGoOnFarLater() {
    TestCluster cluster = TestCluster.of(3);
    Nodes.NodeSpec manager = new Nodes.NodeSpec(null, Map.of("a", "b"), "manager", "active");
    NodeRecord second = requireNonNull(cluster.state().nodes().get("n2"));
    cluster.done(new Command.UpdateNodeSpec(AT, "n2", second.version(), manager));
    long before = cluster.state().version();
    cluster.done(new Command.TakeOver(AT, "n2"));
    assertEquals(
        List.of("worker", "manager", "worker"),
        List.of("n1", "n2", "n3").stream()
            .map(id -> requireNonNull(cluster.state().nodes().get(id)).spec().role())
            .toList());
    assertEquals(
        Map.of("a", "b"), requireNonNull(cluster.state().nodes().get("n2")).spec().labels());
    assertTrue(cluster.state().version() > before + 1_000_000);
    assertEquals(
        "attempting to demote the last manager of the swarm",
        cluster.refusal(
            new Command.UpdateNodeSpec(
                AT,
                "n2",
                requireNonNull(cluster.state().nodes().get("n2")).version(),
                new Nodes.NodeSpec(null, Map.of(), "worker", "active"))));
  }

  @Test
  void listenersSeeEveryVersionOnceAndInOrder() {
    TestCluster cluster = TestCluster.of(1);
    List<Long> seen = new ArrayList<>();
    long first = cluster.state().version();
    StateListener listener = state -> seen.add(state.version());
    cluster.machine().subscribe(listener);
    cluster.done(TestCluster.createNetwork("a", "a"));
    cluster.refusal(TestCluster.createNetwork("a", "a"));
    cluster.status(1, NodeRecord.NodeState.READY);
    cluster.done(TestCluster.createNetwork("b", "b"));
    cluster.machine().unsubscribe(listener);
    cluster.done(TestCluster.createNetwork("c", "c"));
    assertEquals(List.of(first, first + 1, first + 2), seen);
  }

  @Test
  void tokensRotateAlone() {
    TestCluster cluster = TestCluster.of(1);
    cluster.done(new Command.RotateToken(AT, "worker", "NEW"));
    ClusterRecord record = cluster.state().cluster();
    assertEquals(
        "NEW MT", record == null ? "" : record.workerToken() + " " + record.managerToken());
    assertEquals("invalid role: boss", cluster.refusal(new Command.RotateToken(AT, "boss", "x")));
  }

  @Test
  void aSnapshotWithAnyByteFlippedOrCutOffIsNotTaken() {
    TestCluster cluster = TestCluster.of(2);
    byte[] good = cluster.machine().snapshot();
    ClusterState state = cluster.state();
    Random random = new Random(3);
    for (int i = 0; i < good.length; i++) {
      byte[] bad = good.clone();
      bad[i] ^= (byte) (1 << random.nextInt(8));
      assertThrows(SnapshotException.class, () -> cluster.machine().restore(bad), "byte " + i);
      byte[] cut = Arrays.copyOf(good, i);
      assertThrows(SnapshotException.class, () -> cluster.machine().restore(cut), "cut " + i);
    }
    assertEquals(state, cluster.state());
    StateMachine fresh = new StateMachine();
    fresh.restore(good);
    assertEquals(state, fresh.state());
    assertArrayEquals(good, fresh.snapshot());
  }
}
