package io.meshd.daemon.control;

import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.TaskRecord;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this node has to say of its tasks: the latest status of each, sent at once and again until a
 * manager took it. With nothing to say it sends an empty report each second, by which managers know
 * that the node is there.
 */
public final class TaskReporter implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TaskReporter.class);
  private static final Duration BEAT = Duration.ofSeconds(1);

  private final ReportSink sink;
  private final Backoff backoff = new Backoff();
  private final Map<String, TaskRecord.Status> pending = new LinkedHashMap<>();
  private boolean closed;

  public TaskReporter(ReportSink sink) {
    this.sink = sink;
  }

  public void start() {
    Thread.ofVirtual().name("task-reporter").start(this::run);
  }

  /** A newer status of a task replaces one that was not sent yet. Returns at once. */
  public synchronized void report(String taskId, TaskRecord.Status status) {
    pending.put(taskId, status);
    notifyAll();
  }

  private void run() {
    try {
      for (Map<String, TaskRecord.Status> next = next(); next != null; next = next()) {
        try {
          sink.send(reports(next));
          backoff.reset();
          taken(next);
        } catch (IOException e) {
          LOG.debug("no manager takes the report: {}", ErrorText.of(e));
          Thread.sleep(backoff.next());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Null once closed. */
  @SuppressWarnings("WaitNotInLoop") // being woken early only sends an empty report early
  private synchronized @Nullable Map<String, TaskRecord.Status> next() throws InterruptedException {
    if (pending.isEmpty() && !closed) {
      wait(BEAT.toMillis());
    }
    return closed ? null : Map.copyOf(pending);
  }

  private static List<Command.Report> reports(Map<String, TaskRecord.Status> statuses) {
    return statuses.entrySet().stream()
        .map(entry -> new Command.Report(entry.getKey(), entry.getValue()))
        .toList();
  }

  private synchronized void taken(Map<String, TaskRecord.Status> sent) {
    sent.forEach(pending::remove);
  }

  @Override
  public synchronized void close() {
    closed = true;
    notifyAll();
  }
}
