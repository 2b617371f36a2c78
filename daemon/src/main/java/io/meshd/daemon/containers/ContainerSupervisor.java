package io.meshd.daemon.containers;

import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.tasks.DesiredTask;
import io.meshd.daemon.tasks.StoredTask;
import io.meshd.daemon.tasks.TaskRun;
import io.meshd.daemon.tasks.TaskRuntime;
import io.meshd.daemon.tasks.TaskStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** All tasks of this node that are containers. */
public final class ContainerSupervisor implements TaskRuntime {
  private final Path folder;
  private final Engine engine;
  private final EngineContainers containers;
  private final TaskStatus.Listener listener;
  private final ContainerEvents events;
  private final Strays strays;
  private final Map<String, HeldContainer> tasks = new ConcurrentHashMap<>();

  /**
   * Finds the tasks of an earlier daemon again.
   *
   * @param folder where tasks are remembered, below the data folder
   * @param listener hears only what changes from now on; see {@link #status} for the rest
   */
  public ContainerSupervisor(Path folder, Engine engine, TaskStatus.Listener listener)
      throws IOException {
    this.folder = folder;
    this.engine = engine;
    this.containers = new EngineContainers(engine);
    this.listener = listener;
    this.strays = new Strays(containers, this::knows, this::networksInUse);
    this.events = new ContainerEvents(engine, this::look, this::lookAtAll);
    for (ContainerFile file : ContainerFile.all(folder)) {
      hold(file.read(), file);
    }
    events.start();
    strays.start();
  }

  private void hold(StoredTask stored, ContainerFile file) {
    HeldContainer held = new HeldContainer(stored, file, containers, listener);
    tasks.put(stored.task().id(), held);
    if (!stored.phase().terminal()) {
      held.begin();
    }
  }

  private void look(String taskId) {
    with(taskId, HeldContainer::look);
  }

  private void lookAtAll() {
    tasks.values().forEach(HeldContainer::look);
    strays.soon();
  }

  private List<String> networksInUse() {
    return tasks.values().stream()
        .map(HeldContainer::stored)
        .filter(StoredTask::devices)
        .flatMap(stored -> stored.task().networks().stream())
        .map(DesiredTask.TaskNetwork::networkId)
        .distinct()
        .toList();
  }

  @Override
  public boolean knows(String taskId) {
    return tasks.containsKey(taskId);
  }

  @Override
  public Set<String> ids() {
    return Set.copyOf(tasks.keySet());
  }

  @Override
  public @Nullable TaskStatus status(String taskId) {
    HeldContainer held = tasks.get(taskId);
    return held == null ? null : held.stored().status();
  }

  @Override
  public @Nullable DesiredTask task(String taskId) {
    HeldContainer held = tasks.get(taskId);
    return held == null ? null : held.task();
  }

  @Override
  public boolean hasDevices(String taskId) {
    HeldContainer held = tasks.get(taskId);
    return held != null && held.stored().devices();
  }

  @Override
  public long longestGraceNanos() {
    return tasks.values().stream()
        .map(HeldContainer::stored)
        .filter(stored -> !stored.phase().terminal())
        .mapToLong(stored -> stored.task().stopGraceNanos())
        .max()
        .orElse(0);
  }

  @Override
  public @Nullable Path netns(String taskId) {
    HeldContainer held = tasks.get(taskId);
    return held == null ? null : held.netns();
  }

  @Override
  public boolean plugs(String taskId) {
    return true;
  }

  @Override
  public void prepare(DesiredTask task) throws IOException {
    if (!tasks.containsKey(task.id())) {
      StoredTask stored = StoredTask.accepted(task, null);
      ContainerFile file = ContainerFile.of(folder, task.id());
      file.write(stored);
      listener.onStatus(task.id(), stored.status());
      hold(stored, file);
    }
  }

  @Override
  public void reject(String taskId, IOException reason) {
    with(taskId, held -> held.reject(reason));
  }

  @Override
  public void connect(String taskId) {
    // The Engine does, by our plugin.
  }

  @Override
  public void launch(String taskId) {
    with(taskId, HeldContainer::launch);
  }

  @Override
  public void drain(String taskId) {
    with(taskId, HeldContainer::drain);
  }

  @Override
  public boolean drains(String taskId) {
    HeldContainer held = tasks.get(taskId);
    return held != null && held.stored().drainingSince() != null;
  }

  @Override
  public void stop(String taskId) {
    with(taskId, HeldContainer::stop);
  }

  @Override
  public void release(String taskId) {
    with(taskId, HeldContainer::release);
  }

  @Override
  public void forget(String taskId) throws IOException {
    HeldContainer held = tasks.get(taskId);
    if (held != null && held.stored().phase().terminal()) {
      ContainerFile.of(folder, taskId).delete();
      tasks.remove(taskId);
      strays.soon();
    }
  }

  @Override
  public void again(String taskId) throws IOException {
    HeldContainer ended = tasks.get(taskId);
    if (ended == null || !ended.stored().phase().terminal()) {
      return;
    }
    StoredTask stored = ended.stored().again(null);
    ContainerFile file = ContainerFile.of(folder, taskId);
    file.write(stored);
    listener.onStatus(taskId, stored.status());
    hold(stored, file);
  }

  @Override
  public List<TaskRun> endedRuns(String taskId) {
    HeldContainer held = tasks.get(taskId);
    if (held == null) {
      return List.of();
    }
    StoredTask stored = held.stored();
    List<TaskRun> runs = new ArrayList<>();
    if (stored.phase().terminal()) {
      runs.add(stored.run());
    }
    runs.addAll(stored.earlierRuns());
    return runs;
  }

  @Override
  public void logs(String taskId, int tail, boolean follow, LogSink sink) throws IOException {
    HeldContainer held = tasks.get(taskId);
    if (held == null) {
      throw new IOException("No such container: " + taskId);
    }
    StoredTask stored = held.stored();
    var container = stored.task().container();
    if (stored.containerId() != null && container != null) {
      boolean tty = Boolean.TRUE.equals(container.spec().containerSpec().tty());
      new ContainerLog(engine, stored.containerId(), tty).read(tail, follow, sink);
    }
  }

  private void with(String taskId, Consumer<HeldContainer> action) {
    HeldContainer held = tasks.get(taskId);
    if (held != null) {
      action.accept(held);
    }
  }

  /** Stops watching. The containers go on. */
  @Override
  public void close() {
    events.close();
    strays.close();
    tasks.values().forEach(HeldContainer::close);
  }
}
