package io.meshd.daemon.tasks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A task's own control group (cgroup v2), so that everything it started can be found and ended,
 * also what left its session. Where cgroup v2 is not mounted or not writable, a task's processes
 * are those in its network namespace.
 */
final class Cgroup {
  private static final Logger LOG = LoggerFactory.getLogger(Cgroup.class);
  private static final String PARENT = "meshd";
  private static final int MAKE_TRIES = 3;

  private final Path path;

  private Cgroup(Path path) {
    this.path = path;
  }

  /** Where a task's group is or would be; null without cgroup v2. */
  static @Nullable Cgroup of(String taskId) throws IOException {
    // mountinfo (proc(5)): the mount point is field 5, the type follows " - ".
    for (String line : Files.readAllLines(Path.of("/proc/self/mountinfo"))) {
      if (line.contains(" - cgroup2 ")) {
        return new Cgroup(Path.of(line.split(" ", 6)[4]).resolve(PARENT).resolve(taskId));
      }
    }
    return null;
  }

  Path path() {
    return path;
  }

  boolean exists() {
    return Files.isDirectory(path);
  }

  /** Makes it; false when this system does not let us. */
  boolean make() {
    for (int tries = 1; ; tries++) {
      try {
        Files.createDirectories(path);
        return true;
      } catch (IOException e) {
        // The parent may go with another task's group just now.
        if (tries == MAKE_TRIES) {
          LOG.info("no cgroup for tasks: {}", e.toString());
          return false;
        }
      }
    }
  }

  /** Sends SIGKILL to everything in it. */
  void kill() throws IOException {
    Path kill = path.resolve("cgroup.kill");
    if (Files.exists(kill)) {
      Files.writeString(kill, "1");
      return;
    }
    for (long pid : processes()) { // before Linux 5.14
      ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }
  }

  List<Long> processes() throws IOException {
    try {
      return Files.readAllLines(path.resolve("cgroup.procs")).stream().map(Long::valueOf).toList();
    } catch (NoSuchFileException e) {
      return List.of();
    }
  }

  /** Removes it, which must be empty, and with the last one the group of all. */
  void remove() throws IOException {
    Files.deleteIfExists(path);
    Path parent = path.getParent();
    if (parent != null) {
      try {
        Files.deleteIfExists(parent);
      } catch (IOException e) {
        LOG.debug("other tasks are left: {}", e.toString());
      }
    }
  }
}
