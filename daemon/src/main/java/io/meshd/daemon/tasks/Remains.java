package io.meshd.daemon.tasks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The processes that a task's first one leaves behind: in its cgroup, or, where there is none, in
 * its network namespace.
 */
record Remains(@Nullable Cgroup cgroup, Path netns) {
  private static final long KILL_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** Kills them, and waits until they are gone. */
  void kill() throws IOException {
    long until = System.nanoTime() + KILL_NANOS;
    List<Long> left = processes();
    while (!left.isEmpty() && System.nanoTime() < until) {
      if (cgroup != null && cgroup.exists()) {
        cgroup.kill();
      }
      for (long pid : left) {
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
      }
      try {
        Thread.sleep(5);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
      left = processes();
    }
  }

  private List<Long> processes() throws IOException {
    if (cgroup != null && cgroup.exists()) {
      return cgroup.processes();
    }
    if (!Files.exists(netns)) {
      return List.of();
    }
    String link = "net:[" + Files.getAttribute(netns, "unix:ino") + "]";
    List<Long> found = new ArrayList<>();
    for (ProcessHandle process : ProcessHandle.allProcesses().toList()) {
      try {
        Path ns = Files.readSymbolicLink(Path.of("/proc/" + process.pid() + "/ns/net"));
        if (ns.toString().equals(link)) {
          found.add(process.pid());
        }
      } catch (IOException e) {
        // It has just ended.
      }
    }
    return found;
  }
}
