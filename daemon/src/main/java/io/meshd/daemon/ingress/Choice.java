package io.meshd.daemon.ingress;

import io.meshd.daemon.ingress.IngressPort.Balancing;
import io.meshd.dataplane.lb.MaglevTable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * How one of some backends is chosen. Immutable but for whose turn it is; any thread.
 *
 * <p>Power of two choices: the next backend in turn and a random other one, and of these the one
 * with fewer open connections for its weight. On equal load the one in turn wins, so that an idle
 * service is balanced evenly and not by luck. Mitzenmacher, "The Power of Two Choices in Randomized
 * Load Balancing", 2001. Turns are dealt by weight, each backend's spread over the round.
 *
 * <p>Or, by the client's address, {@link MaglevTable}: the same on every node; where the backend is
 * avoided or was tried, the client's next place in the table, again the same on every node.
 */
final class Choice {
  /** Turns of a round at most; weights are rounded to fit. */
  private static final int MOST_TURNS = 2048;

  /** Places that a client looks at before load decides. */
  private static final int PLACES = 16;

  private final List<BackendLoad> loads;
  private final int[] weights;
  private final Balancing balancing;
  private final int[] turns;
  private final @Nullable MaglevTable table;
  private final AtomicInteger turn = new AtomicInteger();

  Choice(List<BackendLoad> backends, Balancing balancing) {
    loads = List.copyOf(backends);
    this.balancing = balancing;
    weights = loads.stream().mapToInt(load -> load.backend().weight()).toArray();
    turns = deal(weights);
    table =
        balancing.byClientAddress()
            ? new MaglevTable(
                loads.stream()
                    .map(BackendLoad::backend)
                    .map(one -> new MaglevTable.Member(one.taskId(), one.weight()))
                    .toList())
            : null;
  }

  /** One that chooses as this one would next, and has turns of its own. */
  private Choice(Choice other) {
    loads = other.loads;
    balancing = other.balancing;
    weights = other.weights;
    turns = other.turns;
    table = other.table;
    turn.set(other.turn.get());
  }

  Choice copy() {
    return new Choice(this);
  }

  List<BackendLoad> loads() {
    return loads;
  }

  int size() {
    return loads.size();
  }

  /** One that did not fail lately and was not tried, or null. */
  @Nullable BackendLoad healthy(Collection<BackendLoad> tried, long client, long nowNanos) {
    if (loads.isEmpty()) {
      return null;
    }
    if (table != null) {
      for (int i = 0; i < PLACES; i++) {
        // The golden ratio spreads a client's places over the table.
        BackendLoad load = loads.get(table.lookup(client + i * 0x9e3779b97f4a7c15L));
        if (usable(load, tried, nowNanos)) {
          return load;
        }
      }
      return leastLoaded(tried, nowNanos, false);
    }
    int first = slowlyStarted(nowNanos);
    int other = turns[ThreadLocalRandom.current().nextInt(turns.length)];
    BackendLoad a = loads.get(first);
    BackendLoad b = loads.get(other);
    if (!usable(a, tried, nowNanos) || !usable(b, tried, nowNanos)) {
      return leastLoaded(tried, nowNanos, false);
    }
    boolean lessLoaded = (long) b.open() * weights[first] < (long) a.open() * weights[other];
    return lessLoaded && admitted(b, nowNanos) ? b : a;
  }

  /** As {@link #healthy}; if there is none, one that failed lately and was not tried. */
  @Nullable BackendLoad any(Collection<BackendLoad> tried, long client, long nowNanos) {
    BackendLoad healthy = healthy(tried, client, nowNanos);
    return healthy == null ? leastLoaded(tried, nowNanos, true) : healthy;
  }

  /** Whose turn it is; one that starts slowly lets some of its turns go to the next. */
  private int slowlyStarted(long nowNanos) {
    int index = nextTurn();
    for (int i = 1; i < turns.length && !admitted(loads.get(index), nowNanos); i++) {
      index = nextTurn();
    }
    return index;
  }

  private int nextTurn() {
    return turns[Math.floorMod(turn.getAndIncrement(), turns.length)];
  }

  private boolean admitted(BackendLoad load, long nowNanos) {
    long slowStart = balancing.slowStartNanos();
    if (slowStart <= 0) {
      return true;
    }
    double share = load.share(slowStart, nowNanos, System.currentTimeMillis());
    return share >= 1 || ThreadLocalRandom.current().nextDouble() < share;
  }

  private boolean usable(BackendLoad load, Collection<BackendLoad> tried, long nowNanos) {
    return !(balancing.ejectOutliers() && load.avoided(nowNanos)) && !tried.contains(load);
  }

  /** The slow path: some backend failed lately. */
  private @Nullable BackendLoad leastLoaded(
      Collection<BackendLoad> tried, long nowNanos, boolean avoidedToo) {
    BackendLoad best = null;
    int bestIndex = 0;
    int first = loads.isEmpty() ? 0 : nextTurn();
    for (int i = 0; i < loads.size(); i++) {
      int index = (first + i) % loads.size();
      BackendLoad load = loads.get(index);
      boolean candidate = avoidedToo ? !tried.contains(load) : usable(load, tried, nowNanos);
      if (candidate
          && (best == null
              || (long) load.open() * weights[bestIndex] < (long) best.open() * weights[index])) {
        best = load;
        bestIndex = index;
      }
    }
    return best;
  }

  /**
   * A round in which each index comes as often as its weight says, evenly spread: the one furthest
   * behind its share comes next (smooth weighted round robin, as in nginx).
   */
  static int[] deal(int[] weights) {
    long sum = 0;
    long divisor = 0;
    for (int weight : weights) {
      sum += weight;
      divisor = gcd(divisor, weight);
    }
    if (sum == 0) {
      return new int[0];
    }
    double scale = Math.min(1.0 / divisor, (double) MOST_TURNS / sum);
    long[] shares = new long[weights.length];
    long total = 0;
    for (int i = 0; i < weights.length; i++) {
      shares[i] = Math.max(1, Math.round(weights[i] * scale));
      total += shares[i];
    }
    long[] behind = new long[weights.length];
    List<Integer> order = new ArrayList<>();
    for (int n = 0; n < total; n++) {
      int next = 0;
      for (int i = 0; i < weights.length; i++) {
        behind[i] += shares[i];
        if (behind[i] > behind[next]) {
          next = i;
        }
      }
      behind[next] -= total;
      order.add(next);
    }
    return order.stream().mapToInt(Integer::intValue).toArray();
  }

  private static long gcd(long a, long b) {
    return b == 0 ? a : gcd(b, a % b);
  }
}
