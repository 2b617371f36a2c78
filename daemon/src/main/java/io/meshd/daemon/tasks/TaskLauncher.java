package io.meshd.daemon.tasks;

import io.meshd.daemon.disk.DurableFiles;
import io.meshd.daemon.linux.NodeBridges;
import io.meshd.daemon.linux.ToolRun;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Starts tasks under the shim, which is their parent from then on. */
final class TaskLauncher {
  private final Path shim;
  private final TaskFiles files;

  /**
   * @param folder where the shim is put; a running shim keeps the text it was started with
   * @param subnets of the bridges, where tasks without a network ask for names
   */
  TaskLauncher(Path folder, NodeBridges.Subnets subnets) throws IOException {
    shim = folder.resolve("shim.sh").toAbsolutePath();
    try (InputStream text = TaskLauncher.class.getResourceAsStream("shim.sh")) {
      DurableFiles.write(shim, Objects.requireNonNull(text, "shim.sh").readAllBytes());
    }
    files = new TaskFiles(shim, subnets);
  }

  Path shim() {
    return shim;
  }

  TaskFiles files() {
    return files;
  }

  /**
   * Starts it and returns at once; its folder tells the rest.
   *
   * @throws IOException in Docker's words when it cannot be started
   */
  void launch(DesiredTask task, TaskFolder folder, Path netns, @Nullable Path cgroup)
      throws IOException {
    RunAs user = RunAs.of(task.user());
    TaskEnvironment environment = TaskEnvironment.of(task, user.home(), List.of());
    String asked = task.directory();
    String directory = asked == null || asked.isEmpty() ? "/" : asked;
    CommandCheck.check(task.command(), environment.list(), directory);
    for (Path log : List.of(folder.stdout(), folder.stderr())) {
      if (!Files.exists(log)) {
        Files.createFile(log);
      }
      // So that the task can open /dev/stdout again.
      Files.setAttribute(log, "unix:uid", user.uid());
    }
    files.write(task, folder.etc());
    List<String> line = new ArrayList<>();
    line.addAll(shim(shim));
    line.add("run");
    line.add(folder.path().toAbsolutePath().toString());
    line.add(cgroup == null ? "-" : cgroup.toString());
    line.add(netns.toString());
    line.add(TaskEnvironment.hostname(task));
    line.add(directory);
    line.addAll(environment.prefix());
    line.addAll(user.prefix());
    line.addAll(task.command());
    ProcessBuilder builder = new ProcessBuilder(line);
    environment.into(builder);
    builder.directory(Path.of("/").toFile());
    builder.redirectInput(Path.of("/dev/null").toFile());
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.redirectError(ProcessBuilder.Redirect.appendTo(folder.shimLog().toFile()));
    builder.start();
  }

  /**
   * Start of a command line of the shim, in a session of its own. Signals that whoever started the
   * daemon ignores (nohup, a shell's background) would be ignored in every task.
   */
  static List<String> shim(Path script) throws IOException {
    return List.of(
        ToolRun.find("env"),
        "--default-signal",
        ToolRun.find("setsid"),
        "/bin/sh",
        script.toString());
  }
}
