package io.meshd.daemon.tasks;

import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The tasks that a runtime holds, by their IDs, and all that it says of them whatever they are.
 *
 * @param <T> what holds one of them
 */
public abstract class HeldTasks<T extends HeldTasks.Held> implements TaskRuntime {
  /** One task, from accepted to its end. Calls return soon and can be repeated. */
  public interface Held {
    StoredTask stored();

    /** Before it runs: rejected, in words. */
    void reject(IOException reason);

    void launch();

    void drain();

    void stop();
  }

  private final Map<String, T> tasks = new ConcurrentHashMap<>();

  /** Holds it, in the place of who held the task before. */
  protected final void put(T held) {
    tasks.put(held.stored().task().id(), held);
  }

  protected final void remove(String taskId) {
    tasks.remove(taskId);
  }

  protected final @Nullable T held(String taskId) {
    return tasks.get(taskId);
  }

  protected final @Nullable T ended(String taskId) {
    T held = held(taskId);
    return held != null && held.stored().phase().terminal() ? held : null;
  }

  /** For those who ask by a container's name or ID. */
  protected final T known(String taskId) throws IOException {
    T held = held(taskId);
    if (held == null) {
      throw new IOException("No such container: " + taskId);
    }
    return held;
  }

  protected final void with(String taskId, Consumer<T> action) {
    T held = held(taskId);
    if (held != null) {
      action.accept(held);
    }
  }

  protected final Collection<T> all() {
    return tasks.values();
  }

  protected final List<StoredTask> allStored() {
    return tasks.values().stream().map(Held::stored).toList();
  }

  private @Nullable StoredTask stored(String taskId) {
    T held = held(taskId);
    return held == null ? null : held.stored();
  }

  @Override
  public final Set<String> ids() {
    return Set.copyOf(tasks.keySet());
  }

  @Override
  public final boolean knows(String taskId) {
    return tasks.containsKey(taskId);
  }

  @Override
  public final @Nullable TaskStatus status(String taskId) {
    StoredTask stored = stored(taskId);
    return stored == null ? null : stored.status();
  }

  @Override
  public final @Nullable DesiredTask task(String taskId) {
    StoredTask stored = stored(taskId);
    return stored == null ? null : stored.task();
  }

  @Override
  public final boolean hasDevices(String taskId) {
    StoredTask stored = stored(taskId);
    return stored != null && stored.devices();
  }

  @Override
  public final boolean drains(String taskId) {
    StoredTask stored = stored(taskId);
    return stored != null && stored.drainingSince() != null;
  }

  @Override
  public final long longestGraceNanos() {
    return allStored().stream()
        .filter(stored -> !stored.phase().terminal())
        .mapToLong(stored -> stored.task().stopGraceNanos())
        .max()
        .orElse(0);
  }

  @Override
  public final List<TaskRun> endedRuns(String taskId) {
    StoredTask stored = stored(taskId);
    return stored == null ? List.of() : stored.endedRuns();
  }

  @Override
  public final void reject(String taskId, IOException reason) {
    with(taskId, held -> held.reject(reason));
  }

  @Override
  public final void launch(String taskId) {
    with(taskId, Held::launch);
  }

  @Override
  public final void drain(String taskId) {
    with(taskId, Held::drain);
  }

  @Override
  public final void stop(String taskId) {
    with(taskId, Held::stop);
  }
}
