package io.meshd.daemon.doctor;

import io.meshd.api.Checkups.Finding;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Examines this node: all checks at once, and each has its say within {@link #LIMIT}. */
public final class NodeDoctor {
  /** Less than a manager waits for a node's answer. */
  private static final Duration LIMIT = Duration.ofMillis(8500);

  private static final List<Check> CHECKS =
      List.of(
          new PathCheck(),
          new GossipCheck(),
          new ControlCheck(),
          new BulkCheck(),
          new AddressCheck(),
          new CertificateCheck(),
          new SubnetCheck(),
          new PortCheck(),
          new FirewallCheck(),
          new DropCheck(),
          new DiskCheck(),
          new LimitCheck(),
          new KernelCheck());

  private NodeDoctor() {}

  /** One finding of each check at least. */
  public static List<Finding> examine(Subject subject) throws InterruptedException {
    long end = System.nanoTime() + LIMIT.toNanos();
    List<FutureTask<Notes>> running = new ArrayList<>();
    for (Check check : CHECKS) {
      FutureTask<Notes> task = new FutureTask<>(() -> notesOf(check, subject));
      Thread.ofVirtual().name("doctor-" + check.name()).start(task);
      running.add(task);
    }
    List<Finding> findings = new ArrayList<>();
    for (int i = 0; i < CHECKS.size(); i++) {
      findings.addAll(ended(CHECKS.get(i), running.get(i), end, subject).findings());
    }
    return findings;
  }

  private static Notes notesOf(Check check, Subject subject)
      throws IOException, InterruptedException {
    Notes notes = new Notes(subject.hostname(), check.name());
    check.look(subject, notes);
    return notes;
  }

  private static Notes ended(Check check, FutureTask<Notes> task, long end, Subject subject)
      throws InterruptedException {
    String problem;
    try {
      return task.get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      task.cancel(true);
      problem = "not found out within " + LIMIT.toSeconds() + " s";
    } catch (ExecutionException e) {
      Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
      problem = "cannot be found out: " + cause;
      if (cause instanceof IOException) {
        problem = "cannot be found out: " + cause.getMessage();
      }
    }
    Notes notes = new Notes(subject.hostname(), check.name());
    notes.warning(problem, "look into this node's log, and ask again");
    return notes;
  }
}
