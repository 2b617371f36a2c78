package io.meshd.daemon.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshd.daemon.disk.DataKeys;
import io.meshd.daemon.raft.AtomixLog;
import io.meshd.daemon.raft.InProcessTransport;
import io.meshd.daemon.raft.ReplicatedLog;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.Outcome;
import io.meshd.daemon.state.StateCodec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RaftProposerTest {
  private static final Command COMMAND =
      new Command.RemoveTasks("2026-01-01T00:00:00Z", List.of("task1"));

  @TempDir Path directory;

  /** Answers an outcome that names the command it was given. */
  private static final class Naming implements ReplicatedLog.Machine {
    @Override
    public byte[] apply(byte[] entry) {
      Command command = StateCodec.decodeCommand(entry);
      return StateCodec.encode((Outcome) new Outcome.Done(7, command.toString()));
    }

    @Override
    public byte[] snapshot() {
      return new byte[0];
    }

    @Override
    public void restore(byte[] snapshot) {}
  }

  @Test
  void aCommandGoesThroughTheLogAndItsOutcomeComesBack() throws Exception {
    try (AtomixLog log =
        AtomixLog.open(
            AtomixLog.Settings.of(directory, DataKeys.drawn()),
            new InProcessTransport("n1"),
            new Naming())) {
      Proposer proposer = new RaftProposer(log, ClusterState::empty);
      assertEquals(new Outcome.Done(7, COMMAND.toString()), proposer.propose(COMMAND));
    }
  }

  @Test
  void withoutALeaderItIsRefusedInSwarmsWords() throws Exception {
    AtomixLog.Settings impatient =
        new AtomixLog.Settings(
            directory,
            DataKeys.drawn(),
            1 << 20,
            1 << 18,
            Duration.ofSeconds(1),
            Duration.ofMillis(250),
            Duration.ofMillis(300));
    InProcessTransport transport = new InProcessTransport("n1");
    try (AtomixLog log = AtomixLog.open(impatient, transport, new Naming())) {
      transport.serve(log.member() + "/command", _ -> new CompletableFuture<>()); // nobody answers
      Proposer proposer = new RaftProposer(log, ClusterState::empty);
      assertEquals(
          new Outcome.Refused(
              Outcome.Reason.UNAVAILABLE,
              "The swarm does not have a leader. It's possible that too few managers are online."
                  + " Make sure more than half of the managers are online."),
          proposer.propose(COMMAND));
    }
  }
}
