package io.meshd.daemon.tasks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What runs tasks on this node: as processes, or as containers. Whoever drives it calls, for a new
 * task, {@link #prepare}, makes the TAPs in {@link #netns} where the runtime does not {@link
 * #plugs}, then {@link #connect} and {@link #launch}; for one that is to end, {@link #drain} or
 * {@link #stop}; when it has ended, and its TAPs are gone, {@link #release}; and {@link #forget}
 * when nobody asks for its logs any more. Every call can be repeated, and returns soon. Closing
 * ends no task.
 */
public interface TaskRuntime extends TaskLogs, AutoCloseable {
  /** IDs of all tasks that this node knows, ended ones too. */
  Set<String> ids();

  @Nullable TaskStatus status(String taskId);

  /** What the task was accepted as, or null when this node does not know it. */
  @Nullable DesiredTask task(String taskId);

  /** True while a namespace or device of the task may exist. */
  boolean hasDevices(String taskId);

  /** The longest grace between stop signal and SIGKILL among the tasks that have not ended. */
  long longestGraceNanos();

  /** The task's network namespace, or null while it has none. */
  @Nullable Path netns(String taskId);

  /** Whether the task gets its interfaces from who starts it, when it starts. */
  boolean plugs(String taskId);

  /**
   * Remembers the task and makes what it needs before it has interfaces.
   *
   * @throws IOException when it cannot even be remembered
   */
  void prepare(DesiredTask task) throws IOException;

  /** What kept the task from being prepared; without effect on one that runs. */
  void reject(String taskId, IOException reason);

  /** Gives the interfaces their addresses. */
  void connect(String taskId);

  void launch(String taskId);

  /** Ends the task once its connections have ended, or its stop grace period has. */
  void drain(String taskId);

  /** It was told to drain, by this run of the daemon or an earlier one. */
  boolean drains(String taskId);

  void stop(String taskId);

  /** Removes what a task that has ended left behind, but not its logs. */
  void release(String taskId) throws IOException;

  /** Releases it and removes its logs; nothing while it has not ended. */
  void forget(String taskId) throws IOException;

  /**
   * Takes a task that has ended back to where {@link #prepare} begins, under the same ID. Its TAPs
   * must be gone.
   *
   * @throws IOException when it could not be taken back; it has still ended then
   */
  void again(String taskId) throws IOException;

  /** Every run of the task that has ended, the newest first; empty for one that runs once. */
  List<TaskRun> endedRuns(String taskId);

  /** Stops watching. The tasks go on. */
  @Override
  void close();
}
