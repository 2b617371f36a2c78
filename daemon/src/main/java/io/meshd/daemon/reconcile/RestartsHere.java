package io.meshd.daemon.reconcile;

import io.meshd.daemon.state.Attachment;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.RestartTiming;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.state.TaskState;
import io.meshd.daemon.state.Times;
import io.meshd.daemon.tasks.TaskRun;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Whether a task that ended by itself is to run again on its node, as the same task. That is so
 * where no leader hears of its end: a leader would have another task follow it, by the same rule
 * ({@link RestartTiming}); here its runs stand for tasks of its slot. Pure.
 */
final class RestartsHere {
  private RestartsHere() {}

  private static final List<Attachment> NO_PLACE = List.of();

  /**
   * @param record as the newest state has it
   * @param runs of the task on this node that have ended, the newest first
   */
  static boolean due(TaskRecord record, List<TaskRun> runs, ClusterState state, Instant now) {
    if (!record.reachable() || record.desiredState() != TaskState.RUNNING || runs.isEmpty()) {
      return false;
    }
    List<TaskRecord> slot = new ArrayList<>();
    runs.forEach(run -> slot.add(ended(record, run)));
    state.tasks().values().stream()
        .filter(other -> before(other, record))
        .sorted(Comparator.comparing(TaskRecord::createdAt).reversed())
        .forEach(slot::add);
    Instant end = Times.parse(runs.getFirst().to(), now);
    return RestartTiming.endedByItself(slot.getFirst())
        && RestartTiming.allowed(slot, now)
        && !end.plus(RestartTiming.delay(slot, now)).isAfter(now);
  }

  private static boolean before(TaskRecord other, TaskRecord record) {
    return other.serviceId().equals(record.serviceId())
        && other.slot() == record.slot()
        && (record.slot() > 0 || other.nodeId().equals(record.nodeId()))
        && other.createdAt().compareTo(record.createdAt()) < 0;
  }

  /** A run as the task that it would be for the leader. */
  private static TaskRecord ended(TaskRecord task, TaskRun run) {
    return new TaskRecord(
        task.id(),
        task.version(),
        run.from(),
        run.to(),
        task.serviceId(),
        task.serviceName(),
        task.slot(),
        task.nodeId(),
        task.spec(),
        task.specVersion(),
        task.desiredState(),
        task.status().in(TaskReports.stateOf(run.end()), run.to()),
        NO_PLACE,
        null);
  }
}
