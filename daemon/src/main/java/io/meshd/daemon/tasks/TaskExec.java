package io.meshd.daemon.tasks;

import io.meshd.daemon.linux.ToolRun;
import io.meshd.dataplane.sys.Pty;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Starts commands beside a task: in its namespaces and its cgroup, in sessions of their own. */
final class TaskExec {
  private static final String REFUSED =
      "OCI runtime exec failed: exec failed: unable to start container process: ";

  private final Path shim;

  TaskExec(Path shim) {
    this.shim = shim;
  }

  /**
   * @param netns the task's network namespace
   * @param pid the task's first process, for the namespaces that have no file
   */
  LocalTasks.ExecProcess start(
      DesiredTask task,
      Path netns,
      int pid,
      @Nullable Path cgroup,
      List<String> command,
      List<String> env,
      @Nullable String workingDir,
      @Nullable TerminalSize terminal)
      throws IOException {
    RunAs user = RunAs.of(task.user());
    List<String> variables = new ArrayList<>();
    if (terminal != null) {
      variables.add("TERM=xterm");
    }
    variables.addAll(env);
    TaskEnvironment environment = TaskEnvironment.of(task, user.home(), variables);
    String directory = workingDir == null || workingDir.isEmpty() ? task.directory() : workingDir;
    String folder = directory == null || directory.isEmpty() ? "/" : directory;
    try {
      CommandCheck.check(command, environment.list(), folder);
    } catch (IOException e) {
      throw new IOException(REFUSED + e.getMessage() + ": unknown", e);
    }
    Pty pty = terminal == null ? null : Pty.open();
    try {
      if (pty != null && terminal != null) {
        pty.resize(terminal.rows(), terminal.columns());
      }
      List<String> line = new ArrayList<>();
      line.addAll(
          List.of(
              ToolRun.find("nsenter"),
              "--net=" + netns,
              "--uts=/proc/" + pid + "/ns/uts",
              "--mount=/proc/" + pid + "/ns/mnt",
              "--"));
      line.addAll(TaskLauncher.shim(shim));
      line.add("exec");
      line.add(cgroup == null ? "-" : cgroup.toString());
      line.add(folder);
      line.add(pty == null ? "-" : pty.slave().toString());
      line.addAll(environment.prefix());
      line.addAll(user.prefix());
      line.addAll(command);
      ProcessBuilder builder = new ProcessBuilder(line);
      environment.into(builder);
      if (pty == null) {
        return new Piped(builder.start());
      }
      builder.redirectInput(Path.of("/dev/null").toFile());
      builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
      builder.redirectError(ProcessBuilder.Redirect.DISCARD);
      return new OnTerminal(builder.start(), pty);
    } catch (IOException e) {
      if (pty != null) {
        pty.close();
      }
      throw e;
    }
  }

  record TerminalSize(int columns, int rows) {}

  private record Piped(Process process) implements LocalTasks.ExecProcess {
    @Override
    public long pid() {
      return process.pid();
    }

    @Override
    public OutputStream stdin() {
      return process.getOutputStream();
    }

    @Override
    public InputStream stdout() {
      return process.getInputStream();
    }

    @Override
    public InputStream stderr() {
      return process.getErrorStream();
    }

    @Override
    public void resize(int columns, int rows) {
      // A pipe has no size.
    }

    @Override
    public int waitFor() throws InterruptedException {
      return process.waitFor();
    }

    @Override
    public void kill() {
      killAll(process);
    }
  }

  /** The terminal is closed when the command has ended and its output has been read. */
  private static final class OnTerminal implements LocalTasks.ExecProcess {
    private static final long LINGER_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final Process process;
    private final Pty pty;
    private final InputStream output;

    /** When the reader began to wait for output, or 0 while it is not waiting. */
    private final AtomicLong waitingSince = new AtomicLong();

    OnTerminal(Process process, Pty pty) {
      this.process = process;
      this.pty = pty;
      this.output = new Output(pty.input());
      Thread.ofVirtual().name("exec-" + process.pid()).start(this::closeAfterwards);
    }

    @Override
    public long pid() {
      return process.pid();
    }

    @Override
    public OutputStream stdin() {
      return pty.output();
    }

    @Override
    public InputStream stdout() {
      return output;
    }

    @Override
    public InputStream stderr() {
      return InputStream.nullInputStream();
    }

    @Override
    public void resize(int columns, int rows) {
      try {
        pty.resize(rows, columns);
      } catch (IOException e) {
        // It ended while its window was being resized.
      }
    }

    @Override
    public int waitFor() throws InterruptedException {
      return process.waitFor();
    }

    @Override
    public void kill() {
      killAll(process);
      pty.close();
    }

    /**
     * Something that the command left behind may hold the terminal open for ever: so once the
     * command is gone and there was nothing to read for a moment, that was all.
     */
    private void closeAfterwards() {
      try {
        process.waitFor();
        for (; ; ) {
          long since = waitingSince.get();
          if (since != 0 && System.nanoTime() - since > LINGER_NANOS) {
            break;
          }
          Thread.sleep(100);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      pty.close();
    }

    private final class Output extends FilterInputStream {
      Output(InputStream in) {
        super(in);
      }

      @Override
      public int read(byte[] target, int offset, int length) throws IOException {
        waitingSince.set(Math.max(1, System.nanoTime()));
        int count = super.read(target, offset, length);
        // At the end it goes on waiting, as it were: then the terminal can be closed.
        if (count >= 0) {
          waitingSince.set(0);
        }
        return count;
      }
    }
  }

  private static void killAll(Process process) {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}
