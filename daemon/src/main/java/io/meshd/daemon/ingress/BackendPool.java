package io.meshd.daemon.ingress;

import io.meshd.daemon.ingress.IngressPort.Backend;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The ready backends of one published port, and the choice between them.
 *
 * <p>Power of two choices: the next backend in turn and a random other one, and of these the one
 * with fewer open connections. On equal load the one in turn wins, so that an idle service is
 * balanced evenly and not by luck. Mitzenmacher, "The Power of Two Choices in Randomized Load
 * Balancing", 2001.
 *
 * <p>{@link #replace} is called by one thread; {@link #choose} by any.
 */
final class BackendPool {
  private final AtomicInteger turn = new AtomicInteger();
  private volatile List<BackendLoad> ready = List.of();

  /** The new list; a backend that stays keeps its load and history. */
  void replace(List<Backend> backends) {
    Map<Backend, BackendLoad> known = new HashMap<>();
    for (BackendLoad load : ready) {
      known.put(load.backend(), load);
    }
    List<BackendLoad> next = new ArrayList<>(backends.size());
    for (Backend backend : backends) {
      BackendLoad load = known.get(backend);
      next.add(load == null ? new BackendLoad(backend) : load);
    }
    ready = List.copyOf(next);
  }

  int size() {
    return ready.size();
  }

  /**
   * The backend for the next attempt of a connection, or null when all were tried.
   *
   * @param tried backends on which this connection already failed
   */
  @Nullable BackendLoad choose(Collection<BackendLoad> tried, long nowNanos) {
    List<BackendLoad> loads = ready;
    int n = loads.size();
    if (n == 0) {
      return null;
    }
    int first = Math.floorMod(turn.getAndIncrement(), n);
    BackendLoad a = loads.get(first);
    BackendLoad b = a;
    if (n > 1) {
      int other = ThreadLocalRandom.current().nextInt(n - 1);
      b = loads.get(other >= first ? other + 1 : other);
    }
    if (usable(a, tried, nowNanos) && usable(b, tried, nowNanos)) {
      return b.open() < a.open() ? b : a;
    }
    return leastLoaded(loads, first, tried, nowNanos);
  }

  private static boolean usable(BackendLoad load, Collection<BackendLoad> tried, long nowNanos) {
    return !load.avoided(nowNanos) && !tried.contains(load);
  }

  /** The slow path: some backend failed lately. Those that did not come first. */
  private static @Nullable BackendLoad leastLoaded(
      List<BackendLoad> loads, int first, Collection<BackendLoad> tried, long nowNanos) {
    BackendLoad best = null;
    boolean bestAvoided = false;
    for (int i = 0; i < loads.size(); i++) {
      BackendLoad load = loads.get((first + i) % loads.size());
      if (tried.contains(load)) {
        continue;
      }
      boolean avoided = load.avoided(nowNanos);
      if (best == null
          || (bestAvoided && !avoided)
          || (bestAvoided == avoided && load.open() < best.open())) {
        best = load;
        bestAvoided = avoided;
      }
    }
    return best;
  }
}
