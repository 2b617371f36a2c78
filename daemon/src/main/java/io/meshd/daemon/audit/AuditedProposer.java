package io.meshd.daemon.audit;

import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.Outcome;

/** Where one request's commands go in: every one of them leaves its line. */
public final class AuditedProposer implements Proposer {
  private final Proposer proposer;
  private final Asker asker;
  private boolean said;

  public AuditedProposer(Proposer proposer, Asker asker) {
    this.proposer = proposer;
    this.asker = asker;
  }

  @Override
  public Outcome propose(Command command) {
    Change change = Change.of(command, proposer.state());
    Outcome outcome = proposer.propose(command);
    switch (outcome) {
      case Outcome.Done done -> AuditLog.accepted(asker, change, done.version());
      case Outcome.Refused refused ->
          AuditLog.refused(asker, change, proposer.state().version(), refused.message());
    }
    said = true;
    return outcome;
  }

  /** The request was refused; says so unless a command of it said what became of it. */
  public void refused(Change change, String reason) {
    if (!said) {
      AuditLog.refused(asker, change, proposer.state().version(), reason);
    }
  }

  @Override
  public boolean confirm() {
    return proposer.confirm();
  }

  @Override
  public ClusterState state() {
    return proposer.state();
  }
}
