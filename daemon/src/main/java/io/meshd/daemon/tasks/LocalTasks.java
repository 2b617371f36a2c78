package io.meshd.daemon.tasks;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The process tasks of this node, as {@code ps}, {@code exec} and {@code logs} see them. */
public interface LocalTasks extends TaskLogs {

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
}
