package io.meshd.daemon.containers;

import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.tasks.DesiredTask;
import io.meshd.daemon.tasks.HeldTasks;
import io.meshd.daemon.tasks.StoredTask;
import io.meshd.daemon.tasks.TaskStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** All tasks of this node that are containers. */
public final class ContainerSupervisor extends HeldTasks<HeldContainer> {
  private final Path folder;
  private final Engine engine;
  private final EngineContainers containers;
  private final TaskStatus.Listener listener;
  private final ContainerEvents events;
  private final Strays strays;

  /**
   * Finds the tasks of an earlier daemon again.
   *
   * @param folder where tasks are remembered, below the data folder
   * @param registryAuth what the image of a task is pulled with, by the task's ID: the value of
   *     {@code X-Registry-Auth}, or null; secret
   * @param listener hears only what changes from now on; see {@link #status} for the rest
   */
  public ContainerSupervisor(
      Path folder,
      Engine engine,
      Function<String, @Nullable String> registryAuth,
      TaskStatus.Listener listener)
      throws IOException {
    this.folder = folder;
    this.engine = engine;
    this.containers = new EngineContainers(engine, registryAuth);
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
    put(held);
    if (!stored.phase().terminal()) {
      held.begin();
    }
  }

  private void look(String taskId) {
    with(taskId, HeldContainer::look);
  }

  private void lookAtAll() {
    all().forEach(HeldContainer::look);
    strays.soon();
  }

  private List<String> networksInUse() {
    return allStored().stream()
        .filter(StoredTask::devices)
        .flatMap(stored -> stored.task().networks().stream())
        .map(DesiredTask.TaskNetwork::networkId)
        .distinct()
        .toList();
  }

  @Override
  public @Nullable Path netns(String taskId) {
    HeldContainer held = held(taskId);
    return held == null ? null : held.netns();
  }

  @Override
  public boolean plugs(String taskId) {
    return true;
  }

  @Override
  public void prepare(DesiredTask task) throws IOException {
    if (!knows(task.id())) {
      StoredTask stored = StoredTask.accepted(task, null);
      ContainerFile file = ContainerFile.of(folder, task.id());
      file.write(stored);
      listener.onStatus(task.id(), stored.status());
      hold(stored, file);
    }
  }

  @Override
  public void connect(String taskId) {
    // The Engine does, by our plugin.
  }

  @Override
  public void release(String taskId) {
    with(taskId, HeldContainer::release);
  }

  @Override
  public void forget(String taskId) throws IOException {
    if (ended(taskId) != null) {
      ContainerFile.of(folder, taskId).delete();
      remove(taskId);
      strays.soon();
    }
  }

  @Override
  public void again(String taskId) throws IOException {
    HeldContainer ended = ended(taskId);
    if (ended == null) {
      return;
    }
    StoredTask stored = ended.stored().again(null);
    ContainerFile file = ContainerFile.of(folder, taskId);
    file.write(stored);
    listener.onStatus(taskId, stored.status());
    hold(stored, file);
  }

  @Override
  public void logs(String taskId, int tail, boolean follow, LogSink sink) throws IOException {
    StoredTask stored = known(taskId).stored();
    var container = stored.task().container();
    if (stored.containerId() != null && container != null) {
      boolean tty = Boolean.TRUE.equals(container.spec().containerSpec().tty());
      new ContainerLog(engine, stored.containerId(), tty).read(tail, follow, sink);
    }
  }

  /** Stops watching. The containers go on. */
  @Override
  public void close() {
    events.close();
    strays.close();
    all().forEach(HeldContainer::close);
  }
}
