package io.meshd.daemon.tasks;

import java.time.Duration;
import java.util.List;

/**
 * When a task whose process is there counts as running: once it listens on the ports that others
 * are sent to. One that does not is not waited for any longer than {@link #LONGEST}.
 */
public final class Readiness {
  public static final Duration LOOK = Duration.ofMillis(50);
  private static final Duration LONGEST = Duration.ofSeconds(10);

  private final List<Integer> ports;
  private final long until = System.nanoTime() + LONGEST.toNanos();

  public Readiness(List<Integer> ports) {
    this.ports = ports;
  }

  public boolean over(TaskSockets sockets) {
    return sockets.listensOn(ports) || System.nanoTime() >= until;
  }
}
