package io.meshd.daemon.rest;

import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.tasks.TaskLogs;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Several tasks' logs in one answer, a frame per line, each source on a thread of its own. */
final class LogMerge {
  private static final Logger LOG = LoggerFactory.getLogger(LogMerge.class);

  private final LogRequest request;
  private final OutputStream out;
  private final ReentrantLock writing = new ReentrantLock();
  private final List<Thread> sources = new CopyOnWriteArrayList<>();
  private volatile boolean stopped;

  /** Writes a log into a sink until it ends. */
  @FunctionalInterface
  interface Source {
    void copyTo(TaskLogs.LogSink sink) throws IOException, InterruptedException;
  }

  LogMerge(LogRequest request, OutputStream out) {
    this.request = request;
    this.out = out;
  }

  void add(TaskRecord task, Source source) {
    byte[] prefix = request.details() ? details(task) : new byte[0];
    Thread thread =
        Thread.ofVirtual()
            .name("log-" + task.name())
            .start(
                () -> {
                  try {
                    source.copyTo((stderr, line) -> write(prefix, stderr, line));
                  } catch (IOException e) {
                    // One node's silence must not take the other tasks' lines away.
                    LOG.info("log of task {}: {}", task.name(), e.getMessage());
                  } catch (InterruptedException _) {
                    Thread.currentThread().interrupt();
                  }
                });
    sources.add(thread);
    if (stopped) {
      thread.interrupt();
    }
  }

  /** As Docker's service logs carry them: sorted by name (moby daemon/logger, LogAttributes). */
  private static byte[] details(TaskRecord task) {
    return "com.docker.swarm.node.id=%s,com.docker.swarm.service.id=%s,com.docker.swarm.task.id=%s "
        .formatted(task.nodeId(), task.serviceId(), task.id())
        .getBytes(StandardCharsets.UTF_8);
  }

  /** A sink for the log of one task alone. */
  static TaskLogs.LogSink lines(LogRequest request, OutputStream out) {
    LogMerge alone = new LogMerge(request, out);
    return (stderr, line) -> alone.write(new byte[0], stderr, line);
  }

  private void write(byte[] prefix, boolean stderr, byte[] line) throws IOException {
    if (!request.wants(stderr)) {
      return;
    }
    byte[] payload = new byte[prefix.length + line.length + 1];
    System.arraycopy(prefix, 0, payload, 0, prefix.length);
    System.arraycopy(line, 0, payload, prefix.length, line.length);
    payload[payload.length - 1] = '\n';
    writing.lock();
    try {
      LogFrames.write(out, stderr, payload, payload.length);
    } finally {
      writing.unlock();
    }
  }

  /** The reader has gone. */
  void stop() {
    stopped = true;
    sources.forEach(Thread::interrupt);
  }

  /** Until every source has ended. */
  void await() throws InterruptedException {
    for (Thread source : sources) {
      source.join();
    }
  }
}
