package io.meshd.daemon.containers;

import io.meshd.daemon.containers.EngineContainers.Seen;
import io.meshd.daemon.tasks.DesiredTask;
import io.meshd.daemon.tasks.Drain;
import io.meshd.daemon.tasks.HeldTasks;
import io.meshd.daemon.tasks.Readiness;
import io.meshd.daemon.tasks.StoredTask;
import io.meshd.daemon.tasks.TaskSockets;
import io.meshd.daemon.tasks.TaskStatus;
import io.meshd.daemon.tasks.TaskStatus.Phase;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One task that is a container, from accepted to its end; the same states as a process has.
 *
 * <pre>
 * ACCEPTED -> PREPARING -> STARTING -> RUNNING -> COMPLETE | FAILED | SHUTDOWN
 *     \____________\-> REJECTED   \-> FAILED            (SHUTDOWN from everywhere)
 * </pre>
 *
 * A thread of its own takes it from one to the next: image, networks and container while it
 * prepares; the start, once its place in the switch is there; then it looks what the Engine says,
 * whenever there is news and now and then. Every step is on disk before it is told. The Engine
 * starts and ends the container, so it makes no difference whether a daemon of ours was there
 * meanwhile. While the Engine does not answer, the task is what it was, unless its process is gone.
 *
 * <p>The image's health check, or the service's, decides when it is ready, and ends it when it is
 * not any more; without one it is ready when it listens on its published ports.
 *
 * <p>Longer than most: these are the steps of one state machine, under one lock.
 */
final class HeldContainer implements HeldTasks.Held {
  private static final Logger LOG = LoggerFactory.getLogger(HeldContainer.class);

  /** How often the Engine is asked when it says nothing. */
  private static final long LOOK_MILLIS = 10_000;

  private static final long AGAIN_MILLIS = 500;

  /** How long a new task waits for an Engine that does not answer. */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private static final String NOT_STARTED = "starting container failed: ";
  private static final String UNHEALTHY = "dockerexec: unhealthy container";

  private final ContainerFile file;
  private final EngineContainers engine;
  private final TaskStatus.Listener listener;
  private final Thread thread;

  // Guarded by this.
  private StoredTask stored;
  private boolean launched;
  private boolean news;
  private boolean stopping;
  private boolean draining;
  private boolean unhealthy;
  private boolean closed;

  HeldContainer(
      StoredTask stored,
      ContainerFile file,
      EngineContainers engine,
      TaskStatus.Listener listener) {
    this.stored = stored;
    this.file = file;
    this.engine = engine;
    this.listener = listener;
    this.thread = Thread.ofVirtual().name("container-" + stored.task().id()).unstarted(this::live);
  }

  void begin() {
    thread.start();
  }

  @Override
  public synchronized StoredTask stored() {
    return stored;
  }

  DesiredTask task() {
    return stored().task();
  }

  /** The namespace of its first process, while there is one. */
  synchronized @Nullable Path netns() {
    Integer pid = stored.pid();
    boolean there = stored.phase() == Phase.STARTING || stored.phase() == Phase.RUNNING;
    return there && pid != null ? Path.of("/proc/" + pid + "/ns/net") : null;
  }

  /** Its place in the switch is there. */
  @Override
  public synchronized void launch() {
    launched = true;
    notifyAll();
  }

  /** The Engine has news of it. */
  synchronized void look() {
    news = true;
    notifyAll();
  }

  private synchronized void noNews() {
    news = false;
  }

  private void live() {
    try {
      if (stored().phase().compareTo(Phase.STARTING) < 0) {
        prepare();
        awaitLaunch();
      }
      while (goesOn()) {
        follow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed, or stopped before it was there
    } catch (RuntimeException e) {
      LOG.error("task {}", stored().task().id(), e);
      end(Phase.FAILED, "internal error, see the log of meshd", null);
    }
  }

  private synchronized boolean goesOn() {
    return !closed && !stored.phase().terminal();
  }

  private void prepare() throws InterruptedException {
    change(stored().to(Phase.PREPARING, "preparing", null));
    long until = System.nanoTime() + PATIENCE.toNanos();
    while (goesOn()) {
      noNews();
      try {
        String id = engine.create(task());
        change(stored().withContainer(id));
        return;
      } catch (RefusedException e) {
        reject(e);
        return;
      } catch (IOException e) {
        if (System.nanoTime() >= until) {
          reject(e);
          return;
        }
        pause(AGAIN_MILLIS);
      }
    }
  }

  /** Before it runs: rejected, in words. */
  @Override
  public synchronized void reject(IOException e) {
    if (stored.phase().compareTo(Phase.STARTING) < 0) {
      change(stored.to(Phase.REJECTED, stored.message(), words(e)));
    }
  }

  private synchronized void awaitLaunch() throws InterruptedException {
    while (goesOn() && !launched) {
      wait();
    }
    if (goesOn() && !stopping) {
      change(stored.to(Phase.STARTING, "starting", null));
    }
  }

  /** One look at what the Engine says, what follows from it, and the wait for the next. */
  private void follow() throws InterruptedException {
    noNews();
    String id = Objects.requireNonNull(stored().containerId());
    Seen seen;
    try {
      seen = engine.inspect(id);
      if (seen != null && seen.fresh() && !isStopping()) {
        start(id);
        return;
      }
    } catch (IOException e) {
      LOG.debug("task {}: {}", task().id(), e.toString());
      findLost();
      pause(AGAIN_MILLIS);
      return;
    }
    if (seen == null) {
      end(Phase.FAILED, "No such container: " + task().name(), null);
    } else if (seen.fresh()) {
      end(Phase.SHUTDOWN, null, null);
    } else if (!seen.runs()) {
      ended(seen);
    } else if (stored().phase() == Phase.STARTING) {
      appeared(seen);
    } else {
      watch(seen);
      pause(LOOK_MILLIS);
    }
  }

  private void start(String id) throws IOException {
    try {
      engine.start(id);
    } catch (RefusedException e) {
      end(Phase.FAILED, NOT_STARTED + words(e), null);
    }
  }

  /** It runs once it is ready for who comes to it. */
  private void appeared(Seen seen) throws InterruptedException {
    synchronized (this) {
      Integer pid = stored.pid();
      if (pid == null || pid != seen.pid()) {
        change(
            stored.withHostPorts(seen.ports()).withImage(seen.imageId()).withProcess(seen.pid()));
      }
    }
    if (!seen.health().isEmpty()) {
      if (seen.health().equals("healthy")) {
        running(seen.pid());
      } else {
        watch(seen);
        pause(LOOK_MILLIS);
      }
    } else if (listens(seen.pid())) {
      running(seen.pid());
    }
  }

  /** Waits for its sockets, as long as nothing else happens. */
  private boolean listens(int pid) throws InterruptedException {
    if (task().awaitedPorts().isEmpty()) {
      return true;
    }
    Readiness readiness = new Readiness(task().awaitedPorts());
    try {
      while (!readiness.over(TaskSockets.of(pid))) {
        pause(Readiness.LOOK.toMillis());
        synchronized (this) {
          if (news || stopping || closed) {
            return false;
          }
        }
      }
      return true;
    } catch (IOException _) {
      return false; // its process is gone, as the Engine will say
    }
  }

  private synchronized void running(int pid) {
    if (stored.phase() == Phase.STARTING && !stopping) {
      change(stored.running(pid, Instant.now()));
    }
  }

  /** Unhealthy, or not the process that was told of: what others know of it is wrong. */
  private synchronized void watch(Seen seen) {
    Integer pid = stored.pid();
    if (stored.phase() == Phase.RUNNING && pid != null && pid != seen.pid() && !stopping) {
      Thread.ofVirtual().name("container-restarted").start(() -> stopQuietly());
      end(Phase.FAILED, "task: its container was started again, not by meshd", null);
      return;
    }
    if (seen.health().equals("unhealthy") && !unhealthy && !stopping) {
      unhealthy = true;
      Thread.ofVirtual().name("container-unhealthy").start(this::shutDown);
    }
  }

  /** Without an Engine: its process tells at least whether it is there. */
  private void findLost() {
    Integer pid = stored().pid();
    if (stored().phase() == Phase.RUNNING
        && pid != null
        && ProcessHandle.of(pid).map(process -> !process.isAlive()).orElse(true)) {
      end(Phase.FAILED, "task: its process is gone", null);
    }
  }

  private synchronized void ended(Seen seen) {
    int code = seen.exitCode();
    if (stored.stopRequested()) {
      end(Phase.SHUTDOWN, null, code);
    } else if (unhealthy) {
      end(Phase.FAILED, "task: non-zero exit (" + code + "): " + UNHEALTHY, code);
    } else if (!seen.error().isEmpty()) {
      end(Phase.FAILED, NOT_STARTED + seen.error(), code);
    } else if (code == 0) {
      end(Phase.COMPLETE, null, code);
    } else {
      end(Phase.FAILED, "task: non-zero exit (" + code + ")", code);
    }
  }

  private synchronized void end(Phase how, @Nullable String error, @Nullable Integer code) {
    if (stored.phase().terminal()) {
      return;
    }
    String saying =
        switch (how) {
          case SHUTDOWN -> "shutdown";
          case COMPLETE -> "finished";
          default -> stored.phase() == Phase.STARTING ? "starting" : "started";
        };
    change(
        stored.stopRequested()
            ? stored.ended(Phase.SHUTDOWN, "shutdown", null, code)
            : stored.ended(how, saying, error, code));
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
    Thread.ofVirtual().name("container-drain").start(() -> drain(pid, drain));
  }

  private void drain(int pid, Drain drain) {
    try {
      while (goesOn() && !isStopping() && !drain.over(TaskSockets.of(pid))) {
        synchronized (this) {
          wait(Drain.LOOK.toMillis());
        }
      }
    } catch (IOException _) {
      // its process is gone, which is told by others
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    if (goesOn()) {
      stop();
    }
  }

  private synchronized boolean isStopping() {
    return stopping;
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
    notifyAll();
    if (stored.phase().compareTo(Phase.STARTING) < 0) {
      thread.interrupt();
      end(Phase.SHUTDOWN, null, null);
    } else {
      Thread.ofVirtual().name("container-stop").start(this::shutDown);
    }
  }

  private void stopQuietly() {
    try {
      engine.stop(Objects.requireNonNull(stored().containerId()), Duration.ZERO);
    } catch (IOException e) {
      LOG.debug("task {} cannot be ended: {}", task().id(), e.toString());
    }
  }

  private void shutDown() {
    String id = Objects.requireNonNull(stored().containerId());
    Duration grace = Duration.ofNanos(task().stopGraceNanos());
    try {
      while (goesOn()) {
        try {
          engine.stop(id, grace);
          look();
          return;
        } catch (IOException e) {
          LOG.debug("task {} cannot be ended: {}", task().id(), e.toString());
          Thread.sleep(AGAIN_MILLIS);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Its devices are gone from the switch. */
  synchronized void release() {
    if (stored.phase().terminal() && stored.devices()) {
      stored = stored.withoutDevices();
      write();
    }
  }

  /** No more of this; the container goes on. */
  synchronized void close() {
    closed = true;
    thread.interrupt();
    notifyAll();
  }

  /** Until there is news, or the time is up. */
  private synchronized void pause(long millis) throws InterruptedException {
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (!news && !closed) {
      long left = until - System.nanoTime();
      if (left <= 0) {
        return;
      }
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
  }

  private synchronized void change(StoredTask next) {
    if (stored.phase().terminal()) {
      return;
    }
    stored = next;
    write();
    listener.onStatus(next.task().id(), next.status());
    notifyAll();
  }

  private void write() {
    try {
      file.write(stored);
    } catch (IOException e) {
      LOG.error("task {} cannot be remembered: {}", stored.task().id(), e.toString());
    }
  }

  private static String words(IOException e) {
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }
}
