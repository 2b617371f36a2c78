package io.meshd.daemon.systemd;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the service manager that this process lives, some times in each of its intervals, as long
 * as all the threads that it consists of do: each is asked for a sign, and nothing is told before
 * all have given theirs. So a loop that hangs for an interval ends with a restart; one that is
 * asked as it ends, because the node leaves, costs a round and not the interval.
 */
public final class Watchdog implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);

  /** Of an interval. */
  private static final int ROUNDS = 4;

  /**
   * A thread that is to live.
   *
   * @param asking has the thread run what it is given when it comes to it; does not wait
   */
  public record Part(String name, Consumer<Runnable> asking) {}

  /** Each with a number behind the name. */
  public static List<Part> partsOf(String name, List<Executor> threads) {
    return IntStream.range(0, threads.size())
        .mapToObj(i -> new Part(name + "-" + i, threads.get(i)::execute))
        .toList();
  }

  private final ServiceManager manager;
  private final Supplier<List<Part>> parts;
  private final @Nullable Thread thread;

  private Watchdog(ServiceManager manager, Supplier<List<Part>> parts) {
    this.manager = manager;
    this.parts = parts;
    thread =
        manager
            .watchdog()
            .map(interval -> interval.dividedBy(ROUNDS))
            .map(round -> Thread.ofPlatform().daemon().name("watchdog").unstarted(() -> run(round)))
            .orElse(null);
  }

  /**
   * Begins, where the manager watches at all, and goes on until it is closed or the process ends.
   *
   * @param parts those there are at the moment
   */
  public static Watchdog start(ServiceManager manager, Supplier<List<Part>> parts) {
    Watchdog watchdog = new Watchdog(manager, parts);
    if (watchdog.thread != null) {
      watchdog.thread.start();
    }
    return watchdog;
  }

  /** Tells nothing more; to be followed by the end of whoever is watched. */
  @Override
  public void close() {
    if (thread != null) {
      thread.interrupt();
    }
  }

  private void run(Duration round) {
    try {
      for (; ; ) {
        long begun = System.nanoTime();
        List<Part> asked = parts.get();
        Set<Part> silent = ConcurrentHashMap.newKeySet();
        silent.addAll(asked);
        CountDownLatch signs = new CountDownLatch(asked.size());
        asked.forEach(part -> ask(part, silent, signs));
        if (signs.await(round.toNanos(), TimeUnit.NANOSECONDS)) {
          manager.alive();
        } else {
          LOG.warn("no sign of life from {}", silent.stream().map(Part::name).sorted().toList());
        }
        TimeUnit.NANOSECONDS.sleep(round.toNanos() - (System.nanoTime() - begun));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void ask(Part part, Set<Part> silent, CountDownLatch signs) {
    try {
      part.asking()
          .accept(
              () -> {
                silent.remove(part);
                signs.countDown();
              });
    } catch (RejectedExecutionException e) {
      LOG.debug("{} has just ended", part.name());
    }
  }
}
