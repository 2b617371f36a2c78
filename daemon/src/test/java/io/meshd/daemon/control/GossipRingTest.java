package io.meshd.daemon.control;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.Outcome;
import io.meshd.daemon.state.StateCodec;
import io.meshd.daemon.state.StateMachine;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;

final class GossipRingTest {
  private final StateMachine machine = new StateMachine();

  /** A log of one. */
  private final Proposer leading =
      new Proposer() {
        @Override
        public Outcome propose(Command command) {
          return StateCodec.decodeOutcome(machine.apply(StateCodec.encode(command)));
        }

        @Override
        public ClusterState state() {
          return machine.state();
        }
      };

  private List<String> keys() {
    return requireNonNull(machine.state().cluster()).gossipKeys();
  }

  @Test
  void aClusterOfAnOlderDaemonGetsItsFirstKeyOnce() {
    GossipRing.ensure(leading); // in no cluster yet
    leading.propose(
        new Command.InitCluster(
            "2026-01-01T00:00:00Z", "cluster", "ingressid", List.of(), 0, 0, "WT", "MT", null));
    assertEquals(List.of(), keys());
    GossipRing.ensure(leading);
    List<String> made = keys();
    assertEquals(32, Base64.getDecoder().decode(made.getFirst()).length);
    GossipRing.ensure(leading);
    assertEquals(made, keys());
  }
}
