package io.meshd.daemon.tasks;

import io.meshd.daemon.linux.NetworkNamespaces;
import io.meshd.daemon.linux.NodeBridges;
import io.meshd.daemon.tasks.TaskStatus.Phase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The runtime {@code process}: all tasks of this node that are processes. */
public final class TaskSupervisor extends HeldTasks<HeldTask> implements LocalTasks {
  private static final Logger LOG = LoggerFactory.getLogger(TaskSupervisor.class);
  private static final long TICK_MILLIS = 1000;
  private static final long FOLLOW_MILLIS = 100;

  private final Path folder;
  private final TaskInterfaces interfaces;
  private final BridgeAddresses bridgeAddresses;
  private final HostPorts hostPorts;
  private final TaskLauncher launcher;
  private final TaskExec exec;
  private final TaskStatus.Listener listener;
  private final FolderWatch watch;
  private final Thread ticker;

  /**
   * Finds the tasks of an earlier daemon again.
   *
   * @param folder where each task has its folder, below the data folder
   * @param hostNetns the namespace of the bridges, null for the daemon's own
   * @param nodeName for words to users
   * @param listener hears only what changes from now on; see {@link #status} for the rest
   */
  public TaskSupervisor(
      Path folder,
      NetworkNamespaces namespaces,
      @Nullable Path hostNetns,
      NodeBridges.Subnets subnets,
      String nodeName,
      TaskStatus.Listener listener)
      throws IOException {
    this.folder = folder;
    this.interfaces = new TaskInterfaces(namespaces, hostNetns, subnets);
    this.bridgeAddresses = new BridgeAddresses(folder.resolve("bridge-addresses.json"), subnets);
    this.hostPorts = new HostPorts(hostNetns, subnets, nodeName);
    this.launcher = new TaskLauncher(folder, subnets);
    this.exec = new TaskExec(launcher.shim());
    this.listener = listener;
    this.watch = new FolderWatch(this::look);
    load();
    this.ticker = Thread.ofVirtual().name("task-ticker").start(this::tick);
  }

  private void load() throws IOException {
    List<Path> folders;
    try (Stream<Path> all = Files.list(folder)) {
      folders = all.filter(Files::isDirectory).toList();
    }
    for (Path path : folders) {
      TaskFolder task = new TaskFolder(path);
      StoredTask stored = task.read();
      if (stored == null) {
        task.delete(); // killed before it was accepted
        continue;
      }
      HeldTask held = hold(stored, task);
      String address = stored.bridgeAddress();
      if (!stored.phase().terminal() && !stored.hostPorts().isEmpty() && address != null) {
        hostPorts.adopt(stored.task().id(), stored.hostPorts(), address);
      }
      held.look();
    }
    hostPorts.apply();
  }

  private HeldTask hold(StoredTask stored, TaskFolder path) throws IOException {
    HeldTask held = new HeldTask(stored, path, interfaces, hostPorts, launcher, listener);
    put(held);
    watch.add(stored.task().id(), path.path());
    return held;
  }

  @Override
  public Path netns(String taskId) {
    return interfaces.netns(taskId);
  }

  @Override
  public boolean plugs(String taskId) {
    return false;
  }

  @Override
  public void prepare(DesiredTask task) throws IOException {
    HeldTask held = held(task.id());
    if (held == null) {
      TaskFolder path = new TaskFolder(folder.resolve(task.id()));
      StoredTask stored = StoredTask.accepted(task, bridgeAddress(task));
      path.write(stored);
      held = hold(stored, path);
      listener.onStatus(task.id(), stored.status());
    }
    held.prepare();
  }

  private @Nullable String bridgeAddress(DesiredTask task) throws IOException {
    if (!task.hasWayOut()) {
      return null;
    }
    List<String> inUse =
        allStored().stream().map(StoredTask::bridgeAddress).filter(Objects::nonNull).toList();
    return bridgeAddresses.allocate(!task.networks().isEmpty(), inUse);
  }

  @Override
  public void again(String taskId) throws IOException {
    HeldTask ended = ended(taskId);
    if (ended == null) {
      return;
    }
    ended.release();
    // First: a shim begins only where no other has, and an old exit code is not the new one's.
    ended.folder().clear();
    StoredTask stored = ended.stored().again(bridgeAddress(ended.task()));
    ended.folder().write(stored);
    put(new HeldTask(stored, ended.folder(), interfaces, hostPorts, launcher, listener));
    listener.onStatus(taskId, stored.status());
  }

  @Override
  public void connect(String taskId) {
    with(taskId, HeldTask::connect);
  }

  @Override
  public void release(String taskId) throws IOException {
    HeldTask held = held(taskId);
    if (held != null) {
      held.release();
    }
  }

  @Override
  public void forget(String taskId) throws IOException {
    HeldTask held = ended(taskId);
    if (held == null) {
      return;
    }
    held.release();
    held.folder().delete();
    remove(taskId);
  }

  private void look(String taskId) {
    with(taskId, HeldTask::look);
  }

  private void tick() {
    try {
      for (; ; ) {
        Thread.sleep(TICK_MILLIS);
        all().forEach(HeldTask::tick);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  @Override
  public List<LocalTask> list() {
    return allStored().stream()
        .sorted(Comparator.comparing(StoredTask::createdAt).reversed())
        .map(this::shown)
        .toList();
  }

  private LocalTask shown(StoredTask stored) {
    DesiredTask task = stored.task();
    Phase phase = stored.phase();
    boolean running = phase == Phase.RUNNING;
    return new LocalTask(
        task.id(),
        task.name(),
        task.serviceId(),
        task.serviceName(),
        String.join(" ", task.command()),
        running ? "running" : phase.terminal() ? "exited" : "created",
        running && stored.pid() != null ? stored.pid() : 0,
        stored.exitCode(),
        Instant.parse(stored.createdAt()),
        stored.startedAt() == null ? null : Instant.parse(stored.startedAt()),
        phase.terminal() ? Instant.parse(stored.changedAt()) : null,
        interfaces.addresses(stored),
        phase.terminal() ? List.of() : stored.hostPorts());
  }

  @Override
  public ExecProcess exec(
      String taskId,
      List<String> command,
      List<String> env,
      @Nullable String workingDir,
      boolean tty,
      int columns,
      int rows)
      throws IOException {
    HeldTask held = known(taskId);
    StoredTask stored = held.stored();
    Integer pid = stored.pid();
    if (stored.phase() != Phase.RUNNING || pid == null) {
      throw new IOException("container " + taskId + " is not running");
    }
    return exec.start(
        stored.task(),
        netns(taskId),
        pid,
        held.cgroup(),
        command,
        env,
        workingDir,
        tty ? new TaskExec.TerminalSize(columns, rows) : null);
  }

  @Override
  public void logs(String taskId, int tail, boolean follow, LogSink sink)
      throws IOException, InterruptedException {
    HeldTask held = known(taskId);
    List<TaskLog.Reader> readers = new ArrayList<>();
    try {
      for (; ; ) {
        boolean last = !follow || held.stored().phase().terminal() || !knows(taskId);
        if (readers.isEmpty() && Files.exists(held.folder().stderr())) {
          readers.add(new TaskLog(held.folder().stdout()).new Reader(false, tail));
          readers.add(new TaskLog(held.folder().stderr()).new Reader(true, tail));
        }
        boolean any = false;
        for (TaskLog.Reader reader : readers) {
          any |= reader.drain(sink, last);
        }
        if (last) {
          return;
        }
        if (!any) {
          Thread.sleep(FOLLOW_MILLIS);
        }
      }
    } finally {
      for (TaskLog.Reader reader : readers) {
        reader.close();
      }
    }
  }

  /** Stops watching. The tasks go on. */
  @Override
  public void close() {
    ticker.interrupt();
    try {
      watch.close();
    } catch (IOException e) {
      LOG.warn("the watch on tasks cannot be closed: {}", e.toString());
    }
    try {
      hostPorts.close();
    } catch (IOException e) {
      LOG.warn("ports of tasks cannot be let go: {}", e.toString());
    }
  }
}
