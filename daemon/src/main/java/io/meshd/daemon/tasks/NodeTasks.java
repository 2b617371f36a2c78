package io.meshd.daemon.tasks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** All tasks of this node, each with the runtime that it asks for. */
public final class NodeTasks implements TaskRuntime {
  private final TaskRuntime processes;
  private final TaskRuntime containers;

  public NodeTasks(TaskRuntime processes, TaskRuntime containers) {
    this.processes = processes;
    this.containers = containers;
  }

  /** Who has the task; of one that nobody has, somebody who says so. */
  private TaskRuntime of(String taskId) {
    return containers.knows(taskId) ? containers : processes;
  }

  @Override
  public boolean knows(String taskId) {
    return of(taskId).knows(taskId);
  }

  @Override
  public Set<String> ids() {
    Set<String> all = new HashSet<>(processes.ids());
    all.addAll(containers.ids());
    return all;
  }

  @Override
  public @Nullable TaskStatus status(String taskId) {
    return of(taskId).status(taskId);
  }

  @Override
  public @Nullable DesiredTask task(String taskId) {
    return of(taskId).task(taskId);
  }

  @Override
  public boolean hasDevices(String taskId) {
    return of(taskId).hasDevices(taskId);
  }

  @Override
  public long longestGraceNanos() {
    return Math.max(processes.longestGraceNanos(), containers.longestGraceNanos());
  }

  @Override
  public @Nullable Path netns(String taskId) {
    return of(taskId).netns(taskId);
  }

  @Override
  public boolean plugs(String taskId) {
    return of(taskId).plugs(taskId);
  }

  @Override
  public void prepare(DesiredTask task) throws IOException {
    (task.container() == null ? processes : containers).prepare(task);
  }

  @Override
  public void reject(String taskId, IOException reason) {
    of(taskId).reject(taskId, reason);
  }

  @Override
  public void connect(String taskId) {
    of(taskId).connect(taskId);
  }

  @Override
  public void launch(String taskId) {
    of(taskId).launch(taskId);
  }

  @Override
  public void drain(String taskId) {
    of(taskId).drain(taskId);
  }

  @Override
  public boolean drains(String taskId) {
    return of(taskId).drains(taskId);
  }

  @Override
  public void stop(String taskId) {
    of(taskId).stop(taskId);
  }

  @Override
  public void release(String taskId) throws IOException {
    of(taskId).release(taskId);
  }

  @Override
  public void forget(String taskId) throws IOException {
    of(taskId).forget(taskId);
  }

  @Override
  public void again(String taskId) throws IOException {
    of(taskId).again(taskId);
  }

  @Override
  public List<TaskRun> endedRuns(String taskId) {
    return of(taskId).endedRuns(taskId);
  }

  @Override
  public void logs(String taskId, int tail, boolean follow, LogSink sink)
      throws IOException, InterruptedException {
    of(taskId).logs(taskId, tail, follow, sink);
  }

  @Override
  public void close() {
    containers.close();
    processes.close();
  }
}
