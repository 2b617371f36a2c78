package io.meshd.daemon.reconcile;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.daemon.peers.LiveState;
import io.meshd.daemon.peers.PeerFacts;
import io.meshd.daemon.peers.PeerFacts.Life;
import io.meshd.daemon.peers.PeerFacts.Owned;
import io.meshd.daemon.peers.Presence;
import io.meshd.daemon.peers.Presence.Answers;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord.NodeState;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.state.TaskState;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What becomes of the state when the nodes have spoken for themselves, seen from n1. */
class LiveStateTest {
  private static final String MAC = "02:42:0a:00:01:04";
  private final TestCluster cluster = new TestCluster();
  private String net;
  private String task;

  @BeforeEach
  void aTaskOnAnotherNode() {
    cluster.node("n1", "10.99.0.1");
    cluster.node("n2", "10.99.0.2");
    net = cluster.network(1, Map.of());
    cluster.service("web");
    task = cluster.task("n2", "web", List.of(TestCluster.attachment(net, "10.0.1.4")));
    cluster.status(task, TaskState.RUNNING);
  }

  private ClusterState live(Map<String, Presence> told) {
    return LiveState.of(
        cluster.state(),
        new PeerFacts(Map.of("n2", Life.THERE), Map.of(new Owned("n2", net), told)),
        "n1");
  }

  private static TaskRecord task(ClusterState state, String id) {
    return requireNonNull(state.tasks().get(id));
  }

  @Test
  void beforeAnybodyHasSpokenTheStateIsAllThereIs() {
    assertSame(cluster.state(), LiveState.of(cluster.state(), PeerFacts.NONE, "n1"));
    ClusterState live =
        LiveState.of(cluster.state(), new PeerFacts(Map.of("n2", Life.THERE), Map.of()), "n1");
    assertSame(cluster.state().tasks(), live.tasks());
    assertSame(cluster.state().nodes(), live.nodes());
  }

  @Test
  void anEndpointThatIsToldAsTheStateHasItChangesNothing() {
    ClusterState live = live(Map.of(task, new Presence("10.0.1.4", MAC, Answers.NEW_FLOWS, 1)));
    assertSame(cluster.state().tasks(), live.tasks());
  }

  @Test
  void anEndpointThatItsNodeHasNotIsNotForwardedTo() {
    TaskRecord gone = task(live(Map.of()), task);
    assertEquals(List.of(), gone.attachments());
    assertFalse(gone.serving());
  }

  @Test
  void aTaskThatIsAboutToStartCountsBeforeItsNodeHasSpoken() {
    cluster.status(task, TaskState.STARTING);
    ClusterState live = live(Map.of());
    assertEquals(1, task(live, task).attachments().size());
    assertFalse(task(live, task).serving());
  }

  @Test
  void aSuspectedNodeIsWhatTheLeaderSays() {
    PeerFacts suspected = new PeerFacts(Map.of("n2", Life.SUSPECTED), Map.of());
    for (NodeState said : List.of(NodeState.READY, NodeState.DOWN)) {
      cluster.nodeStatus("n2", said);
      ClusterState live = LiveState.of(cluster.state(), suspected, "n1");
      assertEquals(said, requireNonNull(live.nodes().get("n2")).status());
    }
  }

  @Test
  void aNodeWhoseDaemonEndsIsDisconnectedUntilItIsGone() {
    cluster.nodeStatus("n2", NodeState.DISCONNECTED);
    for (Life life : Life.values()) {
      ClusterState live =
          LiveState.of(cluster.state(), new PeerFacts(Map.of("n2", life), Map.of()), "n1");
      assertEquals(
          life == Life.GONE ? NodeState.DOWN : NodeState.DISCONNECTED,
          requireNonNull(live.nodes().get("n2")).status());
    }
  }

  @Test
  void anAddressThatTheStateDidNotGiveDoesNotCount() {
    for (Presence other :
        List.of(
            new Presence("10.0.1.9", MAC, Answers.NEW_FLOWS, 1),
            new Presence("10.0.1.4", "02:42:0a:00:01:09", Answers.NEW_FLOWS, 1))) {
      assertEquals(List.of(), task(live(Map.of(task, other)), task).attachments());
    }
    // Nor where the task counts before it is told of.
    cluster.status(task, TaskState.STARTING);
    TaskRecord starting =
        task(live(Map.of(task, new Presence("10.0.1.9", MAC, Answers.NEW_FLOWS, 1))), task);
    assertEquals("10.0.1.4", starting.attachments().getFirst().address());
    assertFalse(starting.serving());
    cluster.status(task, TaskState.RUNNING);
    // And who is told of that the state does not know is nobody.
    ClusterState live =
        live(
            Map.of(
                task,
                new Presence("10.0.1.4", MAC, Answers.NEW_FLOWS, 1),
                "x",
                new Presence("10.0.1.5", MAC, Answers.NEW_FLOWS, 1)));
    assertSame(cluster.state().tasks(), live.tasks());
  }

  @Test
  void itsNodeSaysFirstWhetherItAnswers() {
    Presence silent = new Presence("10.0.1.4", MAC, Answers.NOTHING, 0);
    assertFalse(task(live(Map.of(task, silent)), task).serving());
    assertEquals(1, task(live(Map.of(task, silent)), task).attachments().size());

    cluster.status(task, TaskState.STARTING);
    long since = Instant.parse("2026-01-02T03:04:05Z").toEpochMilli();
    TaskRecord ready =
        task(live(Map.of(task, new Presence("10.0.1.4", MAC, Answers.NEW_FLOWS, since))), task);
    assertTrue(ready.serving());
    assertEquals("2026-01-02T03:04:05Z", ready.status().timestamp());

    TaskRecord draining =
        task(live(Map.of(task, new Presence("10.0.1.4", MAC, Answers.OLD_FLOWS, since))), task);
    assertFalse(draining.serving());
    assertTrue(draining.draining());
  }

  @Test
  void thatATaskIsToEndIsTakenFromWhoeverSaysIt() {
    cluster.desire(task, TaskState.SHUTDOWN);
    TaskRecord ending =
        task(live(Map.of(task, new Presence("10.0.1.4", MAC, Answers.NEW_FLOWS, 1))), task);
    assertTrue(ending.draining());
  }

  @Test
  void whatTheStateHasEndedStaysEnded() {
    cluster.status(task, TaskState.ORPHANED);
    ClusterState live = live(Map.of(task, new Presence("10.0.1.4", MAC, Answers.NEW_FLOWS, 1)));
    assertSame(cluster.state().tasks(), live.tasks());
  }

  @Test
  void nodesComeAndGoByWhatIsHeardOfThem() {
    PeerFacts gone = new PeerFacts(Map.of("n1", Life.GONE, "n2", Life.GONE), Map.of());
    ClusterState live = LiveState.of(cluster.state(), gone, "n1");
    assertEquals(NodeState.DOWN, requireNonNull(live.nodes().get("n2")).status());
    assertEquals(
        NodeState.READY, requireNonNull(live.nodes().get("n1")).status(), "not of ourselves");
    cluster.nodeStatus("n2", NodeState.DOWN);
    live = LiveState.of(cluster.state(), new PeerFacts(Map.of("n2", Life.THERE), Map.of()), "n1");
    assertEquals(NodeState.READY, requireNonNull(live.nodes().get("n2")).status());
  }

  @Test
  void ownTasksAreNotCorrected() {
    ClusterState live =
        LiveState.of(
            cluster.state(), new PeerFacts(Map.of(), Map.of(new Owned("n2", net), Map.of())), "n2");
    assertSame(cluster.state().tasks(), live.tasks());
  }
}
