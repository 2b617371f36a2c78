package io.meshd.daemon.rest;

import io.meshd.api.Mesh;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.tasks.LocalTasks;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One exec, from its creation to its exit code. Its states: created, running, ended; it can be
 * started once.
 */
final class ExecSession {
  private static final Logger LOG = LoggerFactory.getLogger(ExecSession.class);

  private final String id;
  private final String taskId;
  private final Mesh.ExecCreateRequest request;
  private int columns = 80;
  private int rows = 24;
  private LocalTasks.@Nullable ExecProcess process;
  private @Nullable Integer exitCode;
  private boolean started;

  ExecSession(String id, String taskId, Mesh.ExecCreateRequest request) {
    this.id = id;
    this.taskId = taskId;
    this.request = request;
    size(request.consoleSize());
  }

  /** Docker's ConsoleSize is height, width. */
  synchronized void size(@Nullable List<Integer> console) {
    if (console != null && console.size() == 2) {
      resize(console.get(1), console.get(0));
    }
  }

  synchronized void resize(int newColumns, int newRows) {
    if (newColumns > 0 && newRows > 0) {
      columns = newColumns;
      rows = newRows;
      if (process != null && exitCode == null) {
        process.resize(columns, rows);
      }
    }
  }

  boolean tty() {
    return Boolean.TRUE.equals(request.tty());
  }

  synchronized boolean ended() {
    return exitCode != null;
  }

  synchronized boolean started() {
    return started;
  }

  synchronized Mesh.ExecInspect inspect() {
    LocalTasks.ExecProcess running = process;
    return new Mesh.ExecInspect(
        id,
        running != null && exitCode == null,
        exitCode,
        running == null ? 0 : (int) running.pid(),
        taskId);
  }

  /**
   * Starts the command.
   *
   * @return false when it was started before
   * @throws IOException in words
   */
  synchronized boolean start(LocalTasks tasks) throws IOException {
    if (started) {
      return false;
    }
    started = true;
    process =
        tasks.exec(
            taskId,
            request.cmd(),
            Objects.requireNonNullElse(request.env(), List.of()),
            request.workingDir(),
            tty(),
            columns,
            rows);
    return true;
  }

  private synchronized LocalTasks.ExecProcess process() {
    return Objects.requireNonNull(process, "not started");
  }

  /** Waits for the end, with nobody at the other end of its streams. */
  void runDetached() throws InterruptedException {
    LocalTasks.ExecProcess running = process();
    Thread out = pump(running.stdout(), OutputStream.nullOutputStream());
    Thread err = pump(running.stderr(), OutputStream.nullOutputStream());
    close(running.stdin());
    finish(running);
    out.join();
    err.join();
  }

  /** Joins the streams with the client's; ends when the command has ended and all is written. */
  void runAttached(Exchange.Upgraded client) throws InterruptedException {
    LocalTasks.ExecProcess running = process();
    if (Boolean.TRUE.equals(request.attachStdin())) {
      Thread.ofVirtual().name("exec-in").start(() -> copyInput(client.in(), running.stdin()));
    } else {
      close(running.stdin());
    }
    ReentrantLock lock = new ReentrantLock();
    Thread out = pump(running.stdout(), tty() ? client.out() : framed(client.out(), lock, false));
    Thread err = pump(running.stderr(), tty() ? client.out() : framed(client.out(), lock, true));
    out.join();
    err.join();
    finish(running);
  }

  private void finish(LocalTasks.ExecProcess running) throws InterruptedException {
    int code = running.waitFor();
    synchronized (this) {
      exitCode = code;
    }
  }

  /** The client has gone. Docker lets the command run on; one with a terminal is hung up. */
  void clientGone() {
    if (tty()) {
      process().kill();
    }
  }

  private static void copyInput(InputStream from, OutputStream to) {
    try {
      byte[] buffer = new byte[16 << 10];
      for (int count = from.read(buffer); count >= 0; count = from.read(buffer)) {
        to.write(buffer, 0, count);
        to.flush();
      }
    } catch (IOException e) {
      LOG.debug("input of an exec ends: {}", e.getMessage());
    } finally {
      close(to);
    }
  }

  private static Thread pump(InputStream from, OutputStream to) {
    return Thread.ofVirtual()
        .name("exec-out")
        .start(
            () -> {
              OutputStream target = to;
              try {
                byte[] buffer = new byte[32 << 10];
                for (int count = from.read(buffer); count >= 0; count = from.read(buffer)) {
                  target = write(target, buffer, count);
                }
              } catch (IOException e) {
                LOG.debug("output of an exec ends: {}", e.getMessage());
              }
            });
  }

  /** Once the client has gone the output is still read, so that the command does not block. */
  private static OutputStream write(OutputStream to, byte[] buffer, int count) {
    try {
      to.write(buffer, 0, count);
      return to;
    } catch (IOException _) {
      return OutputStream.nullOutputStream();
    }
  }

  private static OutputStream framed(OutputStream to, ReentrantLock lock, boolean stderr) {
    return new OutputStream() {
      @Override
      public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        lock.lock();
        try {
          LogFrames.write(
              to, stderr, java.util.Arrays.copyOfRange(bytes, offset, offset + length), length);
        } finally {
          lock.unlock();
        }
      }
    };
  }

  private static void close(OutputStream stream) {
    try {
      stream.close();
    } catch (IOException e) {
      LOG.debug("input of an exec was closed: {}", e.getMessage());
    }
  }
}
