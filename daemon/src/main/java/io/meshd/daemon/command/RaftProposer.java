package io.meshd.daemon.command;

import io.meshd.daemon.raft.ReplicatedLog;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.CommandFormat;
import io.meshd.daemon.state.Outcome;
import io.meshd.daemon.state.StateCodec;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;

/** Proposes on the log: a command's JSON in, an outcome's JSON out. */
public final class RaftProposer implements Proposer {
  /** Swarm's words (moby daemon/cluster/errors.go). */
  public static final String NO_LEADER =
      "The swarm does not have a leader. It's possible that too few managers are online. Make sure"
          + " more than half of the managers are online.";

  private final ReplicatedLog log;
  private final Supplier<ClusterState> state;
  private final CommitTimes times = new CommitTimes();

  /**
   * @param log bounds how long a proposal waits
   * @param state the newest version applied on this node
   */
  public RaftProposer(ReplicatedLog log, Supplier<ClusterState> state) {
    this.log = log;
    this.state = state;
  }

  @Override
  public Outcome propose(Command command) {
    int agreed = CommandFormat.agreed(state.get());
    if (command.format() > agreed) {
      return CommandFormat.tooNew(command.format(), agreed);
    }
    try {
      long began = System.nanoTime();
      byte[] answer = log.propose(StateCodec.encode(command)).get();
      times.took(System.nanoTime() - began);
      return StateCodec.decodeOutcome(answer);
    } catch (ExecutionException e) {
      return switch (e.getCause()) {
        case ReplicatedLog.NoLeaderException _ ->
            new Outcome.Refused(Outcome.Reason.UNAVAILABLE, NO_LEADER);
        case ReplicatedLog.RefusedException refused ->
            new Outcome.Refused(Outcome.Reason.UNAVAILABLE, String.valueOf(refused.getMessage()));
        case IllegalArgumentException tooLarge ->
            new Outcome.Refused(
                Outcome.Reason.INVALID_ARGUMENT, String.valueOf(tooLarge.getMessage()));
        case null -> new Outcome.Refused(Outcome.Reason.UNAVAILABLE, NO_LEADER);
        default ->
            new Outcome.Refused(
                Outcome.Reason.FAILED_PRECONDITION, String.valueOf(e.getCause().getMessage()));
      };
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Outcome.Refused(Outcome.Reason.UNAVAILABLE, NO_LEADER);
    }
  }

  /** Of the proposals that were answered. */
  public CommitTimes times() {
    return times;
  }

  @Override
  public boolean confirm() {
    try {
      log.catchUp().get();
      return true;
    } catch (ExecutionException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Override
  public ClusterState state() {
    return state.get();
  }
}
