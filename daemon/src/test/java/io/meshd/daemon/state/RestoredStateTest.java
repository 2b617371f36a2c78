package io.meshd.daemon.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class RestoredStateTest {
  private static final String LATER = "2026-02-02T00:00:00.000000000Z";

  private static TestCluster used() {
    TestCluster cluster = TestCluster.of(5);
    for (int i = 1; i <= 40; i++) {
      cluster.done(TestCluster.createNetwork("net" + i, "net-" + i));
    }
    cluster.done(new Command.RemoveNetwork(TestCluster.AT, "net40"));
    return cluster;
  }

  /** Everything but the version, as text. */
  private static String content(ClusterState state) {
    return new String(StateCodec.encode(state), StandardCharsets.UTF_8)
        .replaceFirst("\"version\":\\d+", "");
  }

  @Test
  void theStateIsThereAgainInPiecesOfAnySizeAlsoWithSnapshotsBetweenThem() {
    TestCluster cluster = used();
    for (int most : List.of(1, 900, 1 << 20)) {
      List<Command> commands = RestoredState.commands(cluster.state(), LATER, most);
      assertEquals(most == 1 << 20, commands.size() == 1);
      TestCluster restored = new TestCluster();
      for (Command command : commands) {
        restored.done(command);
        restored.machine().restore(restored.machine().snapshot());
      }
      assertEquals(content(cluster.state()), content(restored.state()));
      assertEquals(cluster.state().version() + RestoredState.LEAP, restored.state().version());
      assertTrue(
          commands.stream().allMatch(c -> most == 1 || StateCodec.encode(c).length < most + 4000));
      // What was handed out before is not handed out again at once: the allocators go on.
      cluster.done(TestCluster.createNetwork("next", "next"));
      restored.done(TestCluster.createNetwork("next", "next"));
      assertEquals(cluster.network("next").subnet(), restored.network("next").subnet());
      assertEquals(cluster.network("next").vni(), restored.network("next").vni());
      assertNotEquals(cluster.network("next").version(), restored.network("next").version());
      cluster.done(new Command.RemoveNetwork(TestCluster.AT, "next"));
    }
  }

  @Test
  void aLogThatHasAClusterTakesNoPiece() {
    TestCluster cluster = used();
    for (Command command : RestoredState.commands(used().state(), LATER, 900)) {
      assertEquals("the cluster exists already", cluster.refusal(command));
    }
  }

  @Test
  void beforeTheLastPieceThereIsNoCluster() {
    TestCluster restored = new TestCluster();
    List<Command> commands = RestoredState.commands(used().state(), LATER, 900);
    for (Command command : commands.subList(0, commands.size() - 1)) {
      restored.done(command);
      assertInstanceOf(
          Outcome.Refused.class, restored.apply(TestCluster.createNetwork("early", "early")));
    }
  }
}
