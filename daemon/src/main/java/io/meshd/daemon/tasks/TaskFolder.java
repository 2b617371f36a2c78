package io.meshd.daemon.tasks;

import io.meshd.api.Json;
import io.meshd.daemon.disk.DurableFiles;
import io.meshd.daemon.linux.ToolRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of one task. {@code task.json} is the daemon's; {@code run}, {@code pid} and {@code
 * exit} are written by the shim, whether a daemon is there or not; {@code stdout.log} and {@code
 * stderr.log} by the task itself.
 */
record TaskFolder(Path path) {
  private static final Logger LOG = LoggerFactory.getLogger(TaskFolder.class);

  /**
   * A process that no other can be mistaken for.
   *
   * @param startTicks start time, field 22 of /proc/PID/stat
   * @param bootId of the kernel it runs under
   */
  record Identity(int pid, String startTicks, String bootId) {

    boolean alive() {
      try {
        String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        // The command's name stands in parentheses and may hold anything; fields 3 on follow it.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        String boot = Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
        return fields[19].equals(startTicks) && boot.equals(bootId) && !fields[0].equals("Z");
      } catch (IOException e) {
        return false;
      }
    }

    /**
     * @param name with or without SIG
     */
    void signal(String name) throws IOException {
      String bare = name.startsWith("SIG") ? name.substring(3) : name;
      ToolRun run =
          ToolRun.run(List.of("/bin/sh", "-c", "kill -s \"$1\" \"$2\"", "sh", bare, "" + pid), "");
      if (run.exit() != 0 && alive()) {
        LOG.warn("process {}: signal {}: {}", pid, name, run.err().strip());
      }
    }
  }

  Path stdout() {
    return path.resolve("stdout.log");
  }

  Path stderr() {
    return path.resolve("stderr.log");
  }

  /** The files that are bound over the node's own. */
  Path etc() {
    return path.resolve("etc");
  }

  /** Where what the shim itself has to say goes: why a task could not be started. */
  Path shimLog() {
    return path.resolve("shim.log");
  }

  /** In one line. */
  String shimSaid() {
    try {
      String said = Files.readString(shimLog()).strip().replace('\n', ' ');
      return said.isEmpty() ? "its process did not appear" : said;
    } catch (IOException e) {
      return "its process did not appear";
    }
  }

  /** True once a shim has begun; from then on no other will. */
  boolean begun() {
    return Files.exists(path.resolve("run"));
  }

  @Nullable StoredTask read() throws IOException {
    try {
      return Json.MAPPER.readValue(Files.readAllBytes(path.resolve("task.json")), StoredTask.class);
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  void write(StoredTask task) throws IOException {
    DurableFiles.write(path.resolve("task.json"), Json.bytes(task));
  }

  /** The task's first process, or null before it was there. */
  @Nullable Identity process() throws IOException {
    String[] words = words("pid");
    return words.length < 3 ? null : new Identity(Integer.parseInt(words[0]), words[1], words[2]);
  }

  /** The exit code, or null while there is none. */
  @Nullable Integer exit() throws IOException {
    String[] words = words("exit");
    return words.length < 1 ? null : Integer.valueOf(words[0]);
  }

  /** Makes room for another shim, when the first has ended; the logs go on. */
  void clear() throws IOException {
    for (String file : List.of("run", "pid", "exit")) {
      Files.deleteIfExists(path.resolve(file));
    }
  }

  void delete() throws IOException {
    List<Path> all;
    try (Stream<Path> files = Files.walk(path)) {
      all = files.sorted((a, b) -> b.compareTo(a)).toList();
    } catch (NoSuchFileException e) {
      return;
    }
    for (Path file : all) {
      Files.deleteIfExists(file);
    }
  }

  private String[] words(String file) throws IOException {
    try {
      String text = Files.readString(path.resolve(file)).strip();
      return text.isEmpty() ? new String[0] : text.split(" ", -1);
    } catch (NoSuchFileException e) {
      return new String[0];
    }
  }
}
