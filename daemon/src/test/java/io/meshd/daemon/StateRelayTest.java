package io.meshd.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshd.daemon.control.StateCache;
import io.meshd.daemon.control.StateFiles;
import io.meshd.daemon.disk.DataKeys;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.TestCluster;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a manager's node works by while its log begins again. */
final class StateRelayTest {
  @TempDir Path folder;
  private final List<Long> told = new ArrayList<>();

  private static List<ClusterState> states(int count) {
    TestCluster cluster = TestCluster.of(1);
    List<ClusterState> states = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      cluster.status(1, i % 2 == 0 ? NodeRecord.NodeState.DOWN : NodeRecord.NodeState.READY);
      states.add(cluster.state());
    }
    return states;
  }

  private StateRelay relay(ClusterState cached) {
    DataKeys keys = DataKeys.drawn();
    StateFiles files = StateFiles.of(folder, folder.resolve("run"));
    StateCache before = new StateCache(files, keys, "n1");
    before.keep(cached);
    before.close();
    StateRelay relay = new StateRelay(new StateCache(files, keys, "n1"));
    relay.subscribe(state -> told.add(state.version()));
    return relay;
  }

  @Test
  void whatWasBehindIsForgottenOnceTheLogHasPassedTheStateOnDisk() {
    List<ClusterState> states = states(5);
    try (StateRelay relay = relay(states.get(2))) {
      states.forEach(relay::onState);
      relay.goLive();
      assertEquals(states.get(4), relay.state());
    }
    assertEquals(states.get(2).version(), told.getFirst());
    assertEquals(told.stream().sorted().toList(), told, "never back");
  }

  @Test
  void aLogThatEndsBeforeTheStateOnDiskCounts() {
    List<ClusterState> states = states(5);
    try (StateRelay relay = relay(states.get(4))) {
      states.subList(0, 3).forEach(relay::onState);
      assertEquals(states.get(4).version(), relay.state().version());
      relay.goLive();
      assertEquals(states.get(2), relay.state());
    }
  }
}
