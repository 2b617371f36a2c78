package io.meshd.daemon.containers;

import io.meshd.daemon.engine.NoEngineException;
import io.meshd.daemon.linux.Problems;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes containers of tasks that this node does not know any more, ended ones that were kept for
 * their logs and those that were made while nobody could write it down; and networks that no task
 * is on. While the Engine is away they wait.
 */
final class Strays implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Strays.class);
  private static final Duration IDLE = Duration.ofSeconds(60);
  private static final Duration AGAIN = Duration.ofSeconds(2);
  private static final Duration LAST = Duration.ofSeconds(10);

  private final EngineContainers containers;
  private final Predicate<String> known;
  private final Supplier<List<String>> networks;
  private final Thread thread = Thread.ofVirtual().name("container-strays").unstarted(this::run);

  // Guarded by this.
  private boolean wanted;
  private boolean closed;

  private String lastProblem = "";

  /**
   * @param known whether a task's container is to be kept
   * @param networks of the cluster that tasks are on, by their IDs
   */
  Strays(EngineContainers containers, Predicate<String> known, Supplier<List<String>> networks) {
    this.containers = containers;
    this.known = known;
    this.networks = networks;
  }

  void start() {
    thread.start();
  }

  synchronized void soon() {
    wanted = true;
    notifyAll();
  }

  private void run() {
    try {
      while (await()) {
        if (!remove()) {
          again();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // it took too long
    }
  }

  /** Until there is something to do; false when there is nothing left and never will be. */
  private synchronized boolean await() throws InterruptedException {
    long until = System.nanoTime() + IDLE.toNanos();
    while (!wanted && !closed) {
      long left = until - System.nanoTime();
      if (left <= 0) {
        return true;
      }
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    boolean more = wanted;
    wanted = false;
    return more;
  }

  /** Something stays that the Engine did not want to give up; later it may. */
  private synchronized void again() throws InterruptedException {
    if (!closed) {
      TimeUnit.NANOSECONDS.timedWait(this, AGAIN.toNanos());
    }
    wanted = !closed;
  }

  /** True when nothing is left, or nobody can be asked. */
  private boolean remove() {
    Problems problems = new Problems();
    try {
      for (Map.Entry<String, String> container : containers.all().entrySet()) {
        if (!known.test(container.getValue())) {
          problems.attempt(() -> containers.remove(container.getKey()));
        }
      }
      problems.attempt(() -> containers.networks().removeOthers(networks));
      problems.throwIfAny();
      lastProblem = "";
      return true;
    } catch (NoEngineException _) {
      return true;
    } catch (IOException e) {
      if (!lastProblem.equals(e.getMessage())) {
        lastProblem = String.valueOf(e.getMessage());
        LOG.warn("what is left of tasks cannot be removed yet: {}", lastProblem);
      }
      return false;
    }
  }

  /** What is to be removed now still is, as far as that does not take long. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    try {
      if (!thread.join(LAST)) {
        thread.interrupt();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
