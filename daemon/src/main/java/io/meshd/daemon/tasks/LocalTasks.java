package io.meshd.daemon.tasks;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The tasks of this node, as {@code ps}, {@code exec} and {@code logs} see them. */
public interface LocalTasks {

  List<LocalTask> list();

  /**
   * @param command the command line
   * @param state created, running, exited
   * @param addresses with prefix length, one per interface, in order
   * @param hostPorts in host mode
   */
  record LocalTask(
      String id,
      String name,
      String serviceId,
      String serviceName,
      String command,
      String state,
      int pid,
      @Nullable Integer exitCode,
      Instant created,
      @Nullable Instant started,
      @Nullable Instant finished,
      List<String> addresses,
      List<HostPort> hostPorts) {}

  /**
   * Starts a command inside a task's namespaces.
   *
   * @param columns of the terminal; ignored without tty, as is {@code rows}
   * @throws IOException in words when the task does not run or the command cannot be started
   */
  ExecProcess exec(
      String taskId,
      List<String> command,
      List<String> env,
      @Nullable String workingDir,
      boolean tty,
      int columns,
      int rows)
      throws IOException;

  /** With tty, {@code stdout} carries everything and {@code stderr} is at its end. */
  interface ExecProcess {
    long pid();

    OutputStream stdin();

    InputStream stdout();

    InputStream stderr();

    void resize(int columns, int rows);

    int waitFor() throws InterruptedException;

    void kill();
  }

  /**
   * The task's output so far, and what comes while {@code follow}; blocks.
   *
   * @param tail last lines to begin with, negative for all
   * @throws IOException when the sink fails or the task is unknown
   */
  void logs(String taskId, int tail, boolean follow, LogSink sink)
      throws IOException, InterruptedException;

  /** A line without its end; {@code stderr} tells the stream. */
  @FunctionalInterface
  interface LogSink {
    void line(boolean stderr, byte[] line) throws IOException;
  }
}
