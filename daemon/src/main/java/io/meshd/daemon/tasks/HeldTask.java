package io.meshd.daemon.tasks;

import io.meshd.daemon.linux.Problems;
import io.meshd.daemon.tasks.TaskStatus.Phase;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One task of this node, from accepted to its end.
 *
 * <pre>
 * ACCEPTED -> PREPARING -> STARTING -> RUNNING -> COMPLETE | FAILED | SHUTDOWN
 *     \____________\-> REJECTED   \-> FAILED            (SHUTDOWN from everywhere)
 * </pre>
 *
 * Every step is on disk before it is told. The shim starts and ends the process; this only looks at
 * the files that it writes, so it makes no difference whether the daemon was there when they were
 * written. A process that is gone without an exit code is noticed by {@link #tick}, a few looks
 * later than an orderly end.
 *
 * <p>Longer than most: these are the steps of one state machine, under one lock.
 */
final class HeldTask implements HeldTasks.Held {
  private static final Logger LOG = LoggerFactory.getLogger(HeldTask.class);
  private static final int LOOKS_UNTIL_LOST = 3;
  private static final long START_NANOS = TimeUnit.SECONDS.toNanos(30);
  private static final long KILL_NANOS = TimeUnit.SECONDS.toNanos(5);
  private static final String NOT_STARTED = "starting container failed: ";

  private final TaskFolder folder;
  private final TaskInterfaces interfaces;
  private final HostPorts hostPorts;
  private final TaskLauncher launcher;
  private final TaskStatus.Listener listener;
  private final @Nullable Cgroup cgroup;
  private final Remains remains;

  private StoredTask stored;
  private long launchedAt;
  private int looksGone;
  private boolean readying;
  private boolean draining;
  private boolean stopping;
  private boolean finishing;

  HeldTask(
      StoredTask stored,
      TaskFolder folder,
      TaskInterfaces interfaces,
      HostPorts hostPorts,
      TaskLauncher launcher,
      TaskStatus.Listener listener)
      throws IOException {
    this.stored = stored;
    this.folder = folder;
    this.interfaces = interfaces;
    this.hostPorts = hostPorts;
    this.launcher = launcher;
    this.listener = listener;
    this.cgroup = Cgroup.of(stored.task().id());
    this.remains = new Remains(cgroup, interfaces.netns(stored.task().id()));
    this.launchedAt = System.nanoTime();
  }

  @Override
  public synchronized StoredTask stored() {
    return stored;
  }

  DesiredTask task() {
    return stored().task();
  }

  TaskFolder folder() {
    return folder;
  }

  @Nullable Path cgroup() {
    return cgroup == null || !cgroup.exists() ? null : cgroup.path();
  }

  /** Makes the namespace and takes the ports. */
  synchronized void prepare() {
    if (stored.phase().compareTo(Phase.PREPARING) > 0) {
      return;
    }
    change(stored.to(Phase.PREPARING, "preparing", null));
    try {
      interfaces.prepare(task().id());
      if (!task().hostPorts().isEmpty() && stored.hostPorts().isEmpty()) {
        stored =
            stored.withHostPorts(
                hostPorts.hold(task().id(), task().hostPorts(), stored.bridgeAddress()));
        write();
      }
    } catch (IOException e) {
      reject(e);
    }
  }

  /** Gives the interfaces their addresses; also after a restart, when they should have them. */
  synchronized void connect() {
    if (stored.phase().terminal()) {
      return;
    }
    try {
      interfaces.connect(stored);
    } catch (IOException e) {
      reject(e);
    }
  }

  /** Before it runs: rejected, in words. A running task is left alone. */
  @Override
  public synchronized void reject(IOException e) {
    if (stored.phase().compareTo(Phase.STARTING) < 0) {
      change(stored.to(Phase.REJECTED, stored.message(), words(e)));
    } else {
      LOG.warn("task {}: {}", task().id(), words(e));
    }
  }

  /** Starts the command, unless that was done before. */
  @Override
  public synchronized void launch() {
    if (stored.phase().compareTo(Phase.STARTING) > 0 || stopping) {
      return;
    }
    if (stored.phase() != Phase.STARTING) {
      change(stored.to(Phase.STARTING, "starting", null));
    } else if (folder.begun()) {
      return;
    }
    launchedAt = System.nanoTime();
    try {
      Path group = cgroup != null && cgroup.make() ? cgroup.path() : null;
      launcher.launch(task(), folder, interfaces.netns(task().id()), group);
    } catch (IOException e) {
      change(stored.to(Phase.FAILED, "starting", NOT_STARTED + words(e)));
    }
  }

  /** Looks at what the shim wrote. */
  synchronized void look() {
    if (stored.phase() != Phase.STARTING && stored.phase() != Phase.RUNNING) {
      return;
    }
    try {
      // The exit is read first, as it is written last: where it is there, the process was.
      Integer exit = folder.exit();
      TaskFolder.Identity process = folder.process();
      if (stored.phase() == Phase.STARTING && process != null) {
        appeared(process.pid());
      }
      if (exit != null && !finishing) {
        finishing = true;
        Thread.ofVirtual().name("task-end").start(() -> finish(exit, process != null));
      }
    } catch (IOException | NumberFormatException e) {
      LOG.warn("task {}: its files cannot be read: {}", task().id(), e.toString());
    }
  }

  /** It runs once it is ready for who comes to it. */
  private void appeared(int pid) {
    if (task().awaitedPorts().isEmpty()) {
      change(stored.running(pid, Instant.now()));
    } else if (!readying) {
      readying = true;
      Readiness readiness = new Readiness(task().awaitedPorts());
      Thread.ofVirtual()
          .name("task-ready")
          .start(
              () -> {
                if (awaitSockets(pid, Readiness.LOOK, readiness::over)) {
                  ready(pid);
                }
              });
    }
  }

  private synchronized void ready(int pid) {
    if (stored.phase() == Phase.STARTING && !stopping) {
      change(stored.running(pid, Instant.now()));
    }
  }

  /** Looks until it is over; false when the task is being stopped or has ended. */
  private boolean awaitSockets(int pid, Duration pause, Predicate<TaskSockets> over) {
    try {
      while (!over.test(TaskSockets.of(pid))) {
        if (await(pause.toNanos(), () -> stopping) || isStopping()) {
          return false;
        }
      }
      return true;
    } catch (IOException e) {
      return false; // its process is gone, which is told by others
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private synchronized boolean isStopping() {
    return stopping;
  }

  /** Now and then: finds what ended without a word, and keeps the logs short. */
  void tick() {
    look();
    try {
      if (!stored().phase().terminal()) {
        new TaskLog(folder.stdout()).trim();
        new TaskLog(folder.stderr()).trim();
      }
      findLost();
      keepFiles();
    } catch (IOException e) {
      LOG.warn("task {}: {}", task().id(), words(e));
    }
  }

  private void keepFiles() throws IOException {
    StoredTask now = stored();
    if (now.phase() == Phase.RUNNING && now.pid() != null) {
      launcher.files().keep(folder.etc().toAbsolutePath(), now.pid());
    }
  }

  private synchronized void findLost() throws IOException {
    if (finishing || (stored.phase() != Phase.STARTING && stored.phase() != Phase.RUNNING)) {
      return;
    }
    TaskFolder.Identity process = folder.process();
    boolean there =
        process != null ? process.alive() : System.nanoTime() - launchedAt < START_NANOS;
    looksGone = there ? 0 : looksGone + 1;
    if (looksGone >= LOOKS_UNTIL_LOST && folder.exit() == null) {
      finishing = true;
      Thread.ofVirtual().name("task-end").start(() -> finish(null, process != null));
    }
  }

  /** Ends it once its connections have ended. Returns at once. */
  @Override
  public synchronized void drain() {
    if (draining || stopping || stored.phase().terminal()) {
      return;
    }
    Integer pid = stored.pid();
    if (stored.phase() != Phase.RUNNING || pid == null) {
      stop();
      return;
    }
    draining = true;
    if (stored.drainingSince() == null) {
      stored = stored.draining(Instant.now());
      write();
    }
    Drain drain = Drain.of(stored);
    Thread.ofVirtual()
        .name("task-drain")
        .start(
            () -> {
              awaitSockets(pid, Drain.LOOK, drain::over);
              stop();
            });
  }

  /** Ends it: the stop signal, the grace, SIGKILL. Returns at once; the end is told as SHUTDOWN. */
  @Override
  public synchronized void stop() {
    if (stopping || stored.phase().terminal()) {
      return;
    }
    stopping = true;
    stored = stored.stopping();
    write();
    if (stored.phase().compareTo(Phase.STARTING) < 0
        || (stored.phase() == Phase.STARTING && !folder.begun() && neverLaunched())) {
      change(stored.to(Phase.SHUTDOWN, "shutdown", null));
      return;
    }
    Thread.ofVirtual().name("task-stop").start(this::end);
  }

  /** A launch of this run of the daemon may not have come to its folder yet. */
  private boolean neverLaunched() {
    return System.nanoTime() - launchedAt > START_NANOS;
  }

  private void end() {
    String signal = task().stopSignal();
    try {
      boolean ended = await(START_NANOS, () -> folder.process() != null);
      if (!ended && folder.process() != null) {
        signal(signal == null || signal.isEmpty() ? "TERM" : signal);
        ended = await(task().stopGraceNanos(), () -> false);
      }
      while (!ended) {
        signal("KILL");
        ended = await(KILL_NANOS, () -> false);
      }
    } catch (IOException e) {
      LOG.warn("task {} cannot be ended: {}", task().id(), words(e));
      synchronized (this) {
        stopping = false; // the next pass tries again
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @FunctionalInterface
  private interface Condition {
    boolean holds() throws IOException;
  }

  /** Waits for the end of the task, or the condition; true when it is the end. */
  private synchronized boolean await(long nanos, Condition condition)
      throws InterruptedException, IOException {
    long until = System.nanoTime() + nanos;
    while (!stored.phase().terminal() && !condition.holds()) {
      long left = until - System.nanoTime();
      if (left <= 0) {
        break;
      }
      wait(Math.clamp(TimeUnit.NANOSECONDS.toMillis(left), 1, 200));
    }
    return stored.phase().terminal();
  }

  private void signal(String name) throws IOException {
    TaskFolder.Identity process = folder.process();
    if (process != null && process.alive()) {
      process.signal(name);
    }
  }

  /** The first process has ended: so does everything that it left behind. */
  private void finish(@Nullable Integer exit, boolean wasThere) {
    try {
      remains.kill();
    } catch (IOException e) {
      LOG.warn("task {}: what it left behind cannot be ended: {}", task().id(), words(e));
    }
    synchronized (this) {
      if (stored.stopRequested()) {
        change(stored.ended(Phase.SHUTDOWN, "shutdown", null, exit));
      } else if (!wasThere) {
        change(stored.ended(Phase.FAILED, "starting", NOT_STARTED + folder.shimSaid(), exit));
      } else if (exit == null) {
        change(stored.ended(Phase.FAILED, "started", "task: its process is gone", null));
      } else if (exit == 0) {
        change(stored.ended(Phase.COMPLETE, "finished", null, exit));
      } else {
        change(stored.ended(Phase.FAILED, "started", "task: non-zero exit (" + exit + ")", exit));
      }
    }
  }

  /** Removes namespace, devices and cgroup of a task that has ended; the logs stay. */
  synchronized void release() throws IOException {
    if (!stored.phase().terminal() || !stored.devices()) {
      return;
    }
    Problems problems = new Problems();
    problems.attempt(remains::kill);
    problems.attempt(() -> interfaces.remove(task().id()));
    if (cgroup != null) {
      problems.attempt(cgroup::remove);
    }
    problems.throwIfAny();
    stored = stored.withoutDevices();
    write();
  }

  private void change(StoredTask next) {
    stored = next;
    write();
    if (next.phase().terminal()) {
      // Before anybody hears of the end: the next task may want the same.
      releasePorts();
    }
    listener.onStatus(next.task().id(), next.status());
    notifyAll();
  }

  private void releasePorts() {
    try {
      hostPorts.release(task().id());
    } catch (IOException e) {
      LOG.warn("task {}: its ports cannot be given up: {}", task().id(), words(e));
    }
  }

  private void write() {
    try {
      folder.write(stored);
    } catch (IOException e) {
      LOG.error("task {} cannot be remembered: {}", stored.task().id(), e.toString());
    }
  }

  private static String words(IOException e) {
    if (e instanceof NoSuchFileException missing) {
      return missing.getFile() + ": no such file or directory";
    }
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }
}
