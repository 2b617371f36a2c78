package io.meshd.daemon.control;

import static java.util.Objects.requireNonNull;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshd.daemon.control.NodeLiveness.Word;
import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.state.NodeRecord.NodeState;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the leader makes of a node's calls and of gossip's word on it. */
@Timeout(60)
final class NodeLivenessTest {
  private static final Duration LIMIT = Duration.ofSeconds(10);

  @TempDir Path folder;
  private TestManager manager;
  private ClusterClient client;
  private NodeIdentity node;
  private RemoteReports remote;
  private volatile Word word = Word.NONE;

  @SuppressWarnings("NullAway.Init") // set before each test
  NodeLivenessTest() {}

  @BeforeEach
  void start() throws Exception {
    manager = TestManager.create(folder);
    manager.liveness.trust(id -> word);
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

  private NodeState state() {
    return requireNonNull(manager.state().nodes().get(node.nodeId())).status();
  }

  private void becomes(NodeState state) {
    await().atMost(LIMIT).until(() -> state() == state);
  }

  private void stays(NodeState state) {
    await().during(TestManager.GRACE.multipliedBy(2)).atMost(LIMIT).until(() -> state() == state);
  }

  @Test
  void whoLivesByGossipNeedNotCall() {
    word = Word.ALIVE;
    becomes(NodeState.READY);
    stays(NodeState.READY);
  }

  @Test
  void whoIsDeadByGossipMayCallAsMuchAsItLikes() throws Exception {
    word = Word.ALIVE;
    becomes(NodeState.READY);
    word = Word.DEAD;
    becomes(NodeState.DOWN);
    remote.send(List.of());
    stays(NodeState.DOWN);
    word = Word.ALIVE;
    becomes(NodeState.READY);
  }

  @Test
  void aSuspicionIsCheckedByTheCalls() {
    word = Word.ALIVE;
    becomes(NodeState.READY);
    word = Word.SUSPECT;
    try (Heartbeat heartbeat = new Heartbeat(remote)) {
      heartbeat.start();
      stays(NodeState.READY);
    }
    becomes(NodeState.DOWN);
  }

  @Test
  void withoutAWordTheCallsDecide() throws IOException, InterruptedException {
    remote.send(List.of());
    becomes(NodeState.READY);
    becomes(NodeState.DOWN);
  }

  @Test
  void whoEndsInOrderIsDisconnectedAndThenDownWhileGossipHasNotNoticed() throws Exception {
    word = Word.ALIVE;
    becomes(NodeState.READY);
    remote.pause();
    becomes(NodeState.DISCONNECTED);
    becomes(NodeState.DOWN);
    assertEquals(Word.ALIVE, word);
  }
}
