package io.meshd.daemon.tasks;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a task of this node stands, in Swarm's words.
 *
 * @param message what the node did last: started, finished, shutdown
 * @param err why it is not running, or null
 * @param pid of the task's first process while it runs
 * @param exitCode 128 + signal for a process that was killed; null while it runs, or when it was
 *     lost
 * @param hostPorts in host mode, all with a number once the task is prepared
 * @param containerId of a task that is a container, once that was made
 * @param imageId of what that is made of on this node, sha256:...
 */
public record TaskStatus(
    Phase phase,
    Instant at,
    String message,
    @Nullable String err,
    @Nullable Integer pid,
    @Nullable Integer exitCode,
    List<HostPort> hostPorts,
    @Nullable String containerId,
    @Nullable String imageId) {

  /** Of a task without ports. */
  public TaskStatus(
      Phase phase,
      Instant at,
      String message,
      @Nullable String err,
      @Nullable Integer pid,
      @Nullable Integer exitCode) {
    this(phase, at, message, err, pid, exitCode, List.of(), null, null);
  }

  /** Swarm's task states from where a node takes part in them, in their order. */
  public enum Phase {
    ACCEPTED,
    PREPARING,
    STARTING,
    RUNNING,
    COMPLETE,
    SHUTDOWN,
    FAILED,
    REJECTED;

    public boolean terminal() {
      return compareTo(RUNNING) > 0;
    }
  }

  /** Told of every change; called with the task locked, so it must return at once. */
  @FunctionalInterface
  public interface Listener {
    void onStatus(String taskId, TaskStatus status);
  }
}
