package io.meshd.daemon.state;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class NodeNumbersTest {
  private final TestCluster cluster = TestCluster.of(4);

  @Test
  void aNodeKeepsItsNumberAndANewOneGetsTheSmallestFree() {
    assertEquals("{n1=0, n2=1, n3=2, n4=3}", numbers(cluster.state()));
    cluster.done(new Command.RemoveNode(TestCluster.AT, "n2", true));
    cluster.status(3, NodeRecord.NodeState.DOWN);
    assertEquals("{n1=0, n3=2, n4=3}", numbers(cluster.state()));
    cluster.node(5);
    cluster.node(6);
    assertEquals("{n1=0, n3=2, n4=3, n5=1, n6=4}", numbers(cluster.state()));
  }

  @Test
  void nodesInTheStateOfAnOlderDaemonGetTheirsWithTheNextCommand() {
    String json = new String(StateCodec.encode(cluster.state()), StandardCharsets.UTF_8);
    String older = json.replaceAll(",\"number\":[0-9]+", "");
    StateMachine machine = new StateMachine();
    machine.restore(Snapshot.write(StateCodec.decode(older.getBytes(StandardCharsets.UTF_8))));
    assertEquals("{n1=null, n2=null, n3=null, n4=null}", numbers(machine.state()));
    Outcome ignored =
        machine.apply(
            new Command.SetNodeStatus(TestCluster.AT, "n3", NodeRecord.NodeState.DOWN, null));
    assertEquals("{n1=0, n2=1, n3=2, n4=3}", numbers(machine.state()));
  }

  private static String numbers(ClusterState state) {
    Map<String, @Nullable Integer> numbers = new TreeMap<>();
    state.nodes().forEach((id, node) -> numbers.put(id, node.number()));
    return numbers.toString();
  }
}
