package io.meshd.daemon.tasks;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the disk remembers of a task: written before anything is made for it, so that whatever a
 * crash leaves behind has a name.
 *
 * @param bridgeAddress its address on one of the node's bridges, or null when it is on none
 * @param createdAt RFC 3339, as the other times
 * @param drainingSince when its connections were first waited for, or null
 * @param stopRequested its end is a shutdown, not a failure
 * @param devices true while a namespace or device of it may exist
 * @param hostPorts what it has on this node, all with a number; kept for the record when it ended
 * @param earlierRuns the newest first, at most {@value #MOST_RUNS}
 * @param containerId of the container that it is, once that was made
 * @param imageId of what that is made of, sha256:...
 */
public record StoredTask(
    DesiredTask task,
    @Nullable String bridgeAddress,
    TaskStatus.Phase phase,
    String changedAt,
    String message,
    @Nullable String err,
    @Nullable Integer pid,
    @Nullable Integer exitCode,
    String createdAt,
    @Nullable String startedAt,
    @Nullable String drainingSince,
    boolean stopRequested,
    boolean devices,
    List<HostPort> hostPorts,
    List<TaskRun> earlierRuns,
    @Nullable String containerId,
    @Nullable String imageId) {
  private static final int MOST_RUNS = 100;

  /** Of an older daemon's files: no ports, no earlier runs. */
  public StoredTask {
    hostPorts = hostPorts == null ? List.of() : hostPorts;
    earlierRuns = earlierRuns == null ? List.of() : earlierRuns;
  }

  public static StoredTask accepted(DesiredTask task, @Nullable String bridgeAddress) {
    String now = Instant.now().toString();
    return begun(task, bridgeAddress, now, "accepted", now, List.of());
  }

  /** As it is when the same task, which has ended, begins once more. */
  public StoredTask again(@Nullable String newBridgeAddress) {
    List<TaskRun> runs = endedRuns();
    return begun(
        task,
        newBridgeAddress,
        Instant.now().toString(),
        "accepted again",
        createdAt,
        List.copyOf(runs.subList(0, Math.min(runs.size(), MOST_RUNS))));
  }

  private static StoredTask begun(
      DesiredTask task,
      @Nullable String bridgeAddress,
      String now,
      String message,
      String createdAt,
      List<TaskRun> earlierRuns) {
    return new StoredTask(
        task,
        bridgeAddress,
        TaskStatus.Phase.ACCEPTED,
        now,
        message,
        null,
        null,
        null,
        createdAt,
        null,
        null,
        false,
        true,
        List.of(),
        earlierRuns,
        null,
        null);
  }

  /** Every run of it that has ended, the newest first. */
  @JsonIgnore
  public List<TaskRun> endedRuns() {
    List<TaskRun> runs = new ArrayList<>();
    if (phase.terminal()) {
      runs.add(run());
    }
    runs.addAll(earlierRuns);
    return runs;
  }

  /** This run of it. */
  @JsonIgnore
  public TaskRun run() {
    return new TaskRun(startedAt == null ? changedAt : startedAt, changedAt, phase);
  }

  @JsonIgnore
  public TaskStatus status() {
    return new TaskStatus(
        phase,
        Instant.parse(changedAt),
        message,
        err,
        pid,
        exitCode,
        hostPorts,
        containerId,
        imageId);
  }

  public StoredTask to(TaskStatus.Phase next, String saying, @Nullable String error) {
    return at(next, saying, error, pid, exitCode, startedAt);
  }

  public StoredTask running(int processId, Instant started) {
    return at(TaskStatus.Phase.RUNNING, "started", null, processId, null, started.toString());
  }

  public StoredTask ended(
      TaskStatus.Phase how, String saying, @Nullable String error, @Nullable Integer code) {
    return at(how, saying, error, pid, code, startedAt);
  }

  public StoredTask stopping() {
    Copy copy = new Copy();
    copy.stopRequested = true;
    return copy.made();
  }

  public StoredTask draining(Instant since) {
    Copy copy = new Copy();
    copy.drainingSince = since.toString();
    copy.stopRequested = true;
    return copy.made();
  }

  public StoredTask withoutDevices() {
    Copy copy = new Copy();
    copy.bridgeAddress = null;
    copy.devices = false;
    return copy.made();
  }

  public StoredTask withHostPorts(List<HostPort> ports) {
    Copy copy = new Copy();
    copy.hostPorts = ports;
    return copy.made();
  }

  public StoredTask withContainer(String id) {
    Copy copy = new Copy();
    copy.containerId = id;
    copy.imageId = null;
    return copy.made();
  }

  /** Of its container. */
  public StoredTask withImage(String image) {
    Copy copy = new Copy();
    copy.imageId = image;
    return copy.made();
  }

  /** Its first process is there. */
  public StoredTask withProcess(int processId) {
    return at(phase, message, err, processId, exitCode, startedAt);
  }

  private StoredTask at(
      TaskStatus.Phase next,
      String saying,
      @Nullable String error,
      @Nullable Integer processId,
      @Nullable Integer code,
      @Nullable String started) {
    Copy copy = new Copy();
    copy.phase = next;
    copy.changedAt = Instant.now().toString();
    copy.message = saying;
    copy.err = error;
    copy.pid = processId;
    copy.exitCode = code;
    copy.startedAt = started;
    return copy.made();
  }

  /** A copy of which something is another. */
  private final class Copy {
    @Nullable String bridgeAddress = StoredTask.this.bridgeAddress;
    TaskStatus.Phase phase = StoredTask.this.phase;
    String changedAt = StoredTask.this.changedAt;
    String message = StoredTask.this.message;
    @Nullable String err = StoredTask.this.err;
    @Nullable Integer pid = StoredTask.this.pid;
    @Nullable Integer exitCode = StoredTask.this.exitCode;
    @Nullable String startedAt = StoredTask.this.startedAt;
    @Nullable String drainingSince = StoredTask.this.drainingSince;
    boolean stopRequested = StoredTask.this.stopRequested;
    boolean devices = StoredTask.this.devices;
    List<HostPort> hostPorts = StoredTask.this.hostPorts;
    @Nullable String containerId = StoredTask.this.containerId;
    @Nullable String imageId = StoredTask.this.imageId;

    StoredTask made() {
      return new StoredTask(
          task,
          bridgeAddress,
          phase,
          changedAt,
          message,
          err,
          pid,
          exitCode,
          createdAt,
          startedAt,
          drainingSince,
          stopRequested,
          devices,
          hostPorts,
          earlierRuns,
          containerId,
          imageId);
    }
  }
}
