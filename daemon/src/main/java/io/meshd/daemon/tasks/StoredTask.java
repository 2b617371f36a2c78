package io.meshd.daemon.tasks;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.time.Instant;
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
 */
record StoredTask(
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
    List<HostPort> hostPorts) {

  /** Of an older daemon's files: no ports. */
  StoredTask {
    hostPorts = hostPorts == null ? List.of() : hostPorts;
  }

  static StoredTask accepted(DesiredTask task, @Nullable String bridgeAddress) {
    String now = Instant.now().toString();
    return new StoredTask(
        task,
        bridgeAddress,
        TaskStatus.Phase.ACCEPTED,
        now,
        "accepted",
        null,
        null,
        null,
        now,
        null,
        null,
        false,
        true,
        List.of());
  }

  @JsonIgnore
  TaskStatus status() {
    return new TaskStatus(phase, Instant.parse(changedAt), message, err, pid, exitCode, hostPorts);
  }

  StoredTask to(TaskStatus.Phase next, String saying, @Nullable String error) {
    return at(next, saying, error, pid, exitCode, startedAt);
  }

  StoredTask running(int processId, Instant started) {
    return at(TaskStatus.Phase.RUNNING, "started", null, processId, null, started.toString());
  }

  StoredTask ended(
      TaskStatus.Phase how, String saying, @Nullable String error, @Nullable Integer code) {
    return at(how, saying, error, pid, code, startedAt);
  }

  StoredTask stopping() {
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
        true,
        devices,
        hostPorts);
  }

  StoredTask draining(Instant since) {
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
        since.toString(),
        true,
        devices,
        hostPorts);
  }

  StoredTask withoutDevices() {
    return new StoredTask(
        task,
        null,
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
        false,
        hostPorts);
  }

  StoredTask withHostPorts(List<HostPort> ports) {
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
        ports);
  }

  private StoredTask at(
      TaskStatus.Phase next,
      String saying,
      @Nullable String error,
      @Nullable Integer processId,
      @Nullable Integer code,
      @Nullable String started) {
    return new StoredTask(
        task,
        bridgeAddress,
        next,
        Instant.now().toString(),
        saying,
        error,
        processId,
        code,
        createdAt,
        started,
        drainingSince,
        stopRequested,
        devices,
        hostPorts);
  }
}
