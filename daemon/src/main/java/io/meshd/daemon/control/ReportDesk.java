package io.meshd.daemon.control;

import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.command.RaftProposer;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.Outcome;
import io.meshd.daemon.state.TaskRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Takes what nodes say of their tasks into the state. Reports that arrive while one command is on
 * its way go together in the next.
 */
public final class ReportDesk {
  /** Keeps a command well below the longest log entry. */
  private static final int MOST_PER_COMMAND = 500;

  private final Supplier<@Nullable Proposer> proposer;
  private final List<Pending> pending = new ArrayList<>();
  private boolean draining;

  private record Pending(Command.Report report, CompletableFuture<Outcome> outcome) {}

  /** {@code proposer}: null while this node does not lead. */
  public ReportDesk(Supplier<@Nullable Proposer> proposer) {
    this.proposer = proposer;
  }

  /**
   * Returns once the reports are in the state. Those about tasks that are not the node's are left
   * out: a node speaks for itself only.
   *
   * @throws ApiException 503 when this manager does not lead, or the change found no majority
   */
  public void accept(String nodeId, List<Command.Report> reports) {
    Proposer leading = leading();
    List<CompletableFuture<Outcome>> outcomes = new ArrayList<>();
    boolean first;
    synchronized (this) {
      for (Command.Report report : reports) {
        TaskRecord task = leading.state().tasks().get(report.taskId());
        if (task != null
            && task.nodeId().equals(nodeId)
            && !task.status().equals(report.status())) {
          Pending one = new Pending(report, new CompletableFuture<>());
          pending.add(one);
          outcomes.add(one.outcome);
        }
      }
      first = !pending.isEmpty() && !draining;
      draining |= first;
    }
    if (first) {
      Thread.ofVirtual().name("task-reports").start(this::drain);
    }
    for (CompletableFuture<Outcome> outcome : outcomes) {
      if (outcome.join() instanceof Outcome.Refused refused) {
        throw new ApiException(refused.reason().httpStatus(), refused.message());
      }
    }
  }

  private Proposer leading() {
    Proposer leading = proposer.get();
    if (leading == null) {
      throw new ApiException(503, RaftProposer.NO_LEADER);
    }
    return leading;
  }

  private void drain() {
    while (true) {
      List<Pending> batch;
      synchronized (this) {
        if (pending.isEmpty()) {
          draining = false;
          return;
        }
        List<Pending> head = pending.subList(0, Math.min(pending.size(), MOST_PER_COMMAND));
        batch = List.copyOf(head);
        head.clear();
      }
      Outcome outcome = propose(batch.stream().map(Pending::report).toList());
      batch.forEach(one -> one.outcome.complete(outcome));
    }
  }

  private Outcome propose(List<Command.Report> reports) {
    try {
      return leading().propose(new Command.ReportTasks(Instant.now().toString(), reports));
    } catch (RuntimeException e) {
      return new Outcome.Refused(Outcome.Reason.UNAVAILABLE, String.valueOf(e.getMessage()));
    }
  }
}
