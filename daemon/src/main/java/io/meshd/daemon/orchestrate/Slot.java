package io.meshd.daemon.orchestrate;

import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.state.TaskState;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The tasks of one replica (or of one node, for a global service), sorted by what they are to the
 * leader. Filled by {@link Slots}, then changed as the plan grows.
 */
final class Slot {
  static final Comparator<TaskRecord> NEWEST_FIRST =
      Comparator.comparing(TaskRecord::createdAt).thenComparing(TaskRecord::id).reversed();

  final long number;
  final String nodeId;

  /** All that are not to be removed, newest first. */
  final List<TaskRecord> tasks;

  /** To run, and not ended. */
  final List<TaskRecord> live = new ArrayList<>();

  /** To run, but ended; the newest first. */
  final List<TaskRecord> ended = new ArrayList<>();

  /** To end, and still somewhere: what follows them waits, where it is not to come first. */
  final List<TaskRecord> stopping = new ArrayList<>();

  /** The restart delay of the newest task runs. */
  boolean waiting;

  /** A task was made for it in this plan. */
  boolean created;

  Slot(long number, String nodeId, List<TaskRecord> tasks) {
    this.number = number;
    this.nodeId = nodeId;
    this.tasks = tasks.stream().sorted(NEWEST_FIRST).toList();
  }

  @Nullable TaskRecord newest() {
    return tasks.isEmpty() ? null : tasks.getFirst();
  }

  /** Its last task ended, and the policy wants no other. */
  boolean finished() {
    TaskRecord newest = newest();
    return newest != null && newest.desiredState() == TaskState.COMPLETE;
  }

  boolean vacant() {
    return live.isEmpty() && !waiting && !created && stopping.isEmpty();
  }

  boolean running() {
    return live.stream().anyMatch(task -> task.status().state() == TaskState.RUNNING);
  }
}
