package io.meshd.daemon.control;

import static java.util.Objects.requireNonNull;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.meshd.api.Nodes;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.control.KeyRotator.Standing;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.KeyRotation;
import io.meshd.daemon.state.KeyRotation.Step;
import io.meshd.daemon.state.NodeRecord.NodeState;
import io.meshd.daemon.state.Outcome;
import io.meshd.daemon.state.StateCodec;
import io.meshd.daemon.state.StateMachine;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class KeyRotatorTest {
  private static final Instant BIRTH = Instant.parse("2026-01-01T00:00:00Z");

  private final StateMachine machine = new StateMachine();
  private final Map<String, Standing> standing = new ConcurrentHashMap<>();
  private volatile Instant now = BIRTH;
  private volatile boolean leads = true;

  /** A log of one. */
  private final Proposer log =
      new Proposer() {
        @Override
        public boolean confirm() {
          return true;
        }

        @Override
        public synchronized Outcome propose(Command command) {
          return StateCodec.decodeOutcome(machine.apply(StateCodec.encode(command)));
        }

        @Override
        public ClusterState state() {
          return machine.state();
        }
      };

  private final KeyRotator rotator = new KeyRotator(() -> leads ? log : null, () -> now);

  @AfterEach
  void close() {
    rotator.close();
  }

  private void cluster(@Nullable String gossipKey, @Nullable String dataKey) {
    log.propose(
        new Command.InitCluster(
            BIRTH.toString(),
            "cluster",
            "ingressid",
            List.of(),
            0,
            0,
            "WT",
            "MT",
            gossipKey,
            dataKey,
            null));
    rotator.ask(id -> standing.getOrDefault(id, new Standing(false, null)));
    rotator.start();
  }

  private void node(String id) {
    log.propose(
        new Command.UpsertNode(
            BIRTH.toString(),
            id,
            new Nodes.NodeSpec(null, Map.of(), "worker", "active"),
            TestManager.description("host-" + id),
            "10.0.0." + id.length(),
            "10.0.0." + id.length() + ":2377"));
  }

  private void status(String id, NodeState status) {
    log.propose(new Command.SetNodeStatus(BIRTH.toString(), id, status, null));
  }

  private ClusterRecord cluster() {
    return requireNonNull(machine.state().cluster());
  }

  private @Nullable Step step() {
    KeyRotation rotation = cluster().keyRotation();
    return rotation == null ? null : rotation.step();
  }

  /** The node says that it holds what the state has. */
  private void holds(String id) {
    standing.put(id, new Standing(true, cluster().ringsDigest()));
  }

  @Test
  void aClusterOfAnOlderDaemonGetsItsFirstKeysOnce() {
    cluster(KeyRotator.newKey(), null);
    List<String> gossip = cluster().gossipKeys();
    await().until(() -> !cluster().dataKeys().isEmpty());
    assertEquals(gossip, cluster().gossipKeys());
    assertEquals(32, Base64.getDecoder().decode(cluster().dataKeys().getFirst()).length);
    assertNull(step());
  }

  @Test
  void nobodySendsWithAKeyThatANodeWithinReachHasNot() {
    cluster(KeyRotator.newKey(), KeyRotator.newKey());
    node("a");
    node("bb");
    node("ccc");
    status("a", NodeState.READY);
    status("bb", NodeState.DOWN); // its manager says so; the others hear of it
    status("ccc", NodeState.DOWN);
    standing.put("bb", new Standing(true, "other"));
    List<String> gossip = cluster().gossipKeys();
    List<String> data = cluster().dataKeys();
    now = BIRTH.plus(KeyRotator.INTERVAL);

    await().until(() -> step() == Step.READABLE);
    assertEquals(gossip.getFirst(), cluster().gossipKeys().getFirst());
    assertEquals(data.getFirst(), cluster().dataKeys().getFirst());
    assertEquals(2, cluster().dataKeys().size());
    String next = cluster().dataKeys().get(1);
    holds("a");
    stays(Step.READABLE);
    holds("bb");
    await().until(() -> step() == Step.SENDING);
    assertEquals(List.of(next, data.getFirst()), cluster().dataKeys());
    assertEquals(gossip.getFirst(), cluster().gossipKeys().get(1));
    stays(Step.SENDING);
    holds("a");
    holds("bb");
    await().until(() -> step() == null);
    assertEquals(List.of(next, data.getFirst()), cluster().dataKeys());
    assertEquals(now.toString(), cluster().keysRotatedAt());
  }

  /** Several looks of the rotator later. */
  private void stays(Step expected) {
    await()
        .during(Duration.ofMillis(600))
        .atMost(Duration.ofSeconds(2))
        .until(() -> step() == expected);
  }

  @Test
  void afterARemovalNoKeyIsLeftThatTheNodeKnew() {
    cluster(KeyRotator.newKey(), KeyRotator.newKey());
    node("a");
    node("bb");
    status("a", NodeState.READY);
    List<String> known = List.copyOf(cluster().dataKeys());
    log.propose(new Command.RemoveNode(BIRTH.toString(), "bb", true));
    await().until(() -> step() == Step.READABLE);
    // Another one goes that has seen the new keys: they are not enough.
    node("ccc");
    String seen = cluster().dataKeys().get(1);
    log.propose(new Command.RemoveNode(BIRTH.toString(), "ccc", true));
    await()
        .until(
            () -> {
              holds("a");
              return step() == null;
            });
    assertEquals(1, cluster().dataKeys().size());
    assertEquals(1, cluster().gossipKeys().size());
    assertNotEquals(known.getFirst(), cluster().dataKeys().getFirst());
    assertNotEquals(seen, cluster().dataKeys().getFirst());
  }

  @Test
  void anotherLeaderGoesOnWhereTheStateStands() {
    cluster(KeyRotator.newKey(), KeyRotator.newKey());
    node("a");
    status("a", NodeState.READY);
    log.propose(new Command.RequestKeyRotation(BIRTH.toString()));
    await().until(() -> step() == Step.READABLE);
    leads = false;
    holds("a");
    stays(Step.READABLE);
    try (KeyRotator other = new KeyRotator(() -> log, () -> now)) {
      other.ask(id -> new Standing(true, cluster().ringsDigest()));
      other.start();
      await().until(() -> step() == null);
    }
  }

  @Test
  void aRingNeverHoldsMoreThanThree() {
    cluster(KeyRotator.newKey(), KeyRotator.newKey());
    rotator.ask(id -> new Standing(true, cluster().ringsDigest()));
    for (int round = 0; round < 2; round++) {
      List<String> before = cluster().dataKeys();
      log.propose(new Command.RequestKeyRotation(BIRTH.toString()));
      log.propose(new Command.RequestKeyRotation(BIRTH.toString()));
      await().until(() -> step() == Step.SENDING);
      assertEquals(before.getFirst(), cluster().dataKeys().get(1));
      assertEquals(2, cluster().dataKeys().size());
      await().until(() -> step() == null);
    }
  }
}
