package io.meshd.daemon.reconcile;

import io.meshd.api.Services.PortConfig;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.state.TaskState;
import io.meshd.daemon.tasks.HostPort;
import io.meshd.daemon.tasks.TaskStatus;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes what the supervisor says of the tasks to the leader: the newest word of each, in batches,
 * again and again until somebody took it.
 */
public final class TaskReports implements TaskStatus.Listener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TaskReports.class);
  private static final long RETRY_MILLIS = 1000;

  /** Longer than managers need to find another leader. */
  private static final long UNHEARD_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** Where reports go; blocks until they are in the state. */
  @FunctionalInterface
  public interface Sink {
    /**
     * @throws IOException when no leader took them; they are sent again
     */
    void report(List<Command.Report> reports) throws IOException, InterruptedException;
  }

  private final Sink sink;
  private final Thread thread;

  // Guarded by this.
  private final Map<String, TaskRecord.Status> waiting = new LinkedHashMap<>();
  private Runnable changed = () -> {};
  private boolean sending;
  private boolean failing;
  private long failingSince;

  public TaskReports(Sink sink) {
    this.sink = sink;
    this.thread = Thread.ofVirtual().name("task-reports").start(this::run);
  }

  @Override
  public void onStatus(String taskId, TaskStatus status) {
    Runnable tell;
    synchronized (this) {
      waiting.put(taskId, stateOf(status));
      notifyAll();
      tell = changed;
    }
    tell.run();
  }

  /** What is to be run, at once, after every change of a task. */
  synchronized void onChange(Runnable action) {
    changed = action;
  }

  /** Reports it once more unless it is waiting to be taken. */
  synchronized void repeat(String taskId, TaskStatus status) {
    if (waiting.putIfAbsent(taskId, stateOf(status)) == null) {
      notifyAll();
    }
  }

  /**
   * Withdraws the word that a task has ended, where no leader has taken any word for a while, so
   * that its node may run it again.
   *
   * @return false when there is no such word waiting: it is on its way, or somebody may know it
   */
  synchronized boolean withdraw(String taskId) {
    TaskRecord.Status status = waiting.get(taskId);
    if (status == null
        || !status.state().terminal()
        || sending
        || !failing
        || System.nanoTime() - failingSince < UNHEARD_NANOS) {
      return false;
    }
    waiting.remove(taskId);
    return true;
  }

  static TaskRecord.Status stateOf(TaskStatus status) {
    return new TaskRecord.Status(
        stateOf(status.phase()),
        status.at().toString(),
        status.message(),
        status.err(),
        status.pid(),
        status.exitCode(),
        status.hostPorts().isEmpty()
            ? null
            : status.hostPorts().stream().map(TaskReports::portOf).toList(),
        status.containerId(),
        status.imageId());
  }

  static TaskState stateOf(TaskStatus.Phase phase) {
    return switch (phase) {
      case ACCEPTED -> TaskState.ACCEPTED;
      case PREPARING -> TaskState.PREPARING;
      case STARTING -> TaskState.STARTING;
      case RUNNING -> TaskState.RUNNING;
      case COMPLETE -> TaskState.COMPLETE;
      case SHUTDOWN -> TaskState.SHUTDOWN;
      case FAILED -> TaskState.FAILED;
      case REJECTED -> TaskState.REJECTED;
    };
  }

  private static PortConfig portOf(HostPort port) {
    return new PortConfig(
        null, port.protocol(), port.target(), port.published(), "host", port.hostIp(), null);
  }

  private void run() {
    try {
      for (; ; ) {
        List<Command.Report> batch = take();
        try {
          sink.report(batch);
          failing(false);
        } catch (IOException | RuntimeException e) {
          if (failing(true)) {
            LOG.warn("the leader does not take reports of tasks: {}", e.toString());
          }
          unheard(batch).run();
          Thread.sleep(RETRY_MILLIS);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  private synchronized List<Command.Report> take() throws InterruptedException {
    while (waiting.isEmpty()) {
      wait();
    }
    List<Command.Report> batch = new ArrayList<>();
    waiting.forEach((id, status) -> batch.add(new Command.Report(id, status)));
    waiting.clear();
    sending = true;
    return batch;
  }

  /** True where that is news. */
  private synchronized boolean failing(boolean now) {
    sending = false;
    boolean news = failing != now;
    if (news) {
      failing = now;
      failingSince = System.nanoTime();
    }
    return news;
  }

  /**
   * Puts back what there is no newer word of; what then is to be run: an end that nobody hears of
   * may be one to {@link #withdraw}.
   */
  private synchronized Runnable unheard(List<Command.Report> batch) {
    batch.forEach(report -> waiting.putIfAbsent(report.taskId(), report.status()));
    boolean ended = waiting.values().stream().anyMatch(status -> status.state().terminal());
    return ended ? changed : () -> {};
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
