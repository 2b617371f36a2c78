package io.meshd.dataplane.lb;

import io.meshd.dataplane.ForwardingSpec.Balancing;
import io.meshd.dataplane.ForwardingSpec.Choice;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The backends of one virtual IP and how a new flow gets one of them. In this order a backend is
 * left out, and let in again where nobody would be left: elsewhere while one of this node would do
 * (if the service prefers that), ejected, new for its share. Never chosen are those that drain,
 * that have no weight, and those a connection has tried already. Immutable but for the loads.
 */
public final class ServiceTable {
  private static final int REHASHES = 32;

  /** Draws that hit one that is not to be had, before all are looked at. */
  private static final int DRAWS = 16;

  private final Balancing balancing;
  private final long slowStartMillis;
  private final Candidate[] candidates;
  private final Lots all;
  private final Lots local;
  private final int[] addresses;
  private final @Nullable MaglevTable everywhere;
  private final @Nullable MaglevTable here;

  /** Tables are made by {@link LoadBalancer#service}. */
  ServiceTable(
      Balancing balancing,
      List<Candidate> candidates,
      @Nullable MaglevTable everywhere,
      @Nullable MaglevTable here) {
    this.balancing = balancing;
    slowStartMillis = balancing.slowStartNanos() / 1_000_000;
    this.candidates = candidates.toArray(Candidate[]::new);
    all = new Lots(candidates, false);
    local = new Lots(balancing.preferLocal() ? candidates : List.of(), true);
    addresses = candidates.stream().mapToInt(Candidate::ip).sorted().toArray();
    this.everywhere = everywhere;
    this.here = here;
  }

  /**
   * A backend as the next choice sees it.
   *
   * @param ip first byte highest
   * @param weight as it is asked for
   * @param weightNow as far as slow start lets it
   * @param local on this node
   * @param ejected left out for a while
   */
  public record Standing(
      int ip,
      int weight,
      double weightNow,
      int openFlows,
      boolean draining,
      boolean local,
      boolean ejected) {}

  /** Of all backends; the clocks are those of {@link #choose}. */
  List<Standing> standings(long nowMillis, long nowMonotonic) {
    return Arrays.stream(candidates)
        .map(
            one ->
                new Standing(
                    one.ip(),
                    one.weight(),
                    one.weightAt(nowMillis, slowStartMillis),
                    one.load().openFlows(),
                    one.draining(),
                    one.local(),
                    balancing.ejectOutliers() && one.load().ejection().isOut(nowMonotonic)))
        .toList();
  }

  /** Whether a flow may stay with that backend. */
  public boolean has(int backend) {
    return Arrays.binarySearch(addresses, backend) >= 0;
  }

  Candidate[] candidates() {
    return candidates;
  }

  /** Whether connect failures count. */
  public boolean ejectsOutliers() {
    return balancing.ejectOutliers();
  }

  /**
   * Chooses for a new flow, or again for one whose backend did not take it.
   *
   * @param tried as {@link Flow#tried}
   * @param nowMillis since the epoch, for slow start
   * @param nowMonotonic milliseconds of the clock that ejections are measured by
   * @return null when there is none (left)
   */
  public @Nullable Candidate choose(
      int client, long tried, long nowMillis, long nowMonotonic, RandomGenerator random) {
    if (balancing.choice() == Choice.CLIENT_ADDRESS) {
      return byAddress(client, tried, nowMonotonic);
    }
    Candidate near = ofTwo(local, true, tried, nowMillis, nowMonotonic, random);
    if (near != null) {
      return near;
    }
    Candidate healthy = ofTwo(all, true, tried, nowMillis, nowMonotonic, random);
    return healthy != null ? healthy : ofTwo(all, false, tried, nowMillis, nowMonotonic, random);
  }

  /** The one with fewer flows for its weight, of two drawn by weight, which may be the same. */
  private @Nullable Candidate ofTwo(
      Lots lots,
      boolean onlyHealthy,
      long tried,
      long nowMillis,
      long nowMonotonic,
      RandomGenerator random) {
    Candidate a = draw(lots, onlyHealthy, tried, nowMillis, nowMonotonic, random);
    if (a == null) {
      return null;
    }
    Candidate b = draw(lots, onlyHealthy, tried, nowMillis, nowMonotonic, random);
    return b == null ? a : lighter(a, b, nowMillis);
  }

  /**
   * Each with the probability of its weight at this time among those that may serve. Drawn by full
   * weight, and again where one may not serve or slow start says no: so it takes as long with many
   * backends as with few, until nearly none of them may serve.
   */
  private @Nullable Candidate draw(
      Lots lots,
      boolean onlyHealthy,
      long tried,
      long nowMillis,
      long nowMonotonic,
      RandomGenerator random) {
    for (int i = 0; i < DRAWS && !lots.isEmpty(); i++) {
      Candidate candidate = lots.draw(random);
      if (mayServe(candidate, onlyHealthy, tried, nowMonotonic)) {
        double weight = candidate.weightAt(nowMillis, slowStartMillis);
        if (weight == candidate.weight() || random.nextDouble() * candidate.weight() < weight) {
          return candidate;
        }
      }
    }
    double total = 0;
    for (Candidate candidate : lots.candidates()) {
      if (mayServe(candidate, onlyHealthy, tried, nowMonotonic)) {
        total += candidate.weightAt(nowMillis, slowStartMillis);
      }
    }
    double left = random.nextDouble() * total;
    Candidate drawn = null;
    for (Candidate candidate : lots.candidates()) {
      if (left >= 0 && mayServe(candidate, onlyHealthy, tried, nowMonotonic)) {
        drawn = candidate;
        left -= candidate.weightAt(nowMillis, slowStartMillis);
      }
    }
    return drawn;
  }

  private Candidate lighter(Candidate a, Candidate b, long nowMillis) {
    double ofA = (a.load().openFlows() + 1) / a.weightAt(nowMillis, slowStartMillis);
    double ofB = (b.load().openFlows() + 1) / b.weightAt(nowMillis, slowStartMillis);
    return ofB < ofA ? b : a;
  }

  private boolean mayServe(
      Candidate candidate, boolean onlyHealthy, long tried, long nowMonotonic) {
    return candidate.takesFlows()
        && (tried & candidate.triedBit()) == 0
        && !(onlyHealthy
            && balancing.ejectOutliers()
            && candidate.load().ejection().isOut(nowMonotonic));
  }

  /** Nodes agree as long as nothing is ejected or tried: then the hash is hashed on. */
  private @Nullable Candidate byAddress(int client, long tried, long nowMonotonic) {
    Candidate local = byAddress(here, client, tried, true, nowMonotonic);
    if (local != null) {
      return local;
    }
    Candidate healthy = byAddress(everywhere, client, tried, true, nowMonotonic);
    return healthy != null ? healthy : byAddress(everywhere, client, tried, false, nowMonotonic);
  }

  private @Nullable Candidate byAddress(
      @Nullable MaglevTable table, int client, long tried, boolean onlyHealthy, long nowMonotonic) {
    if (table == null) {
      return null;
    }
    long hash = MaglevTable.hash(client);
    for (int i = 0; i < REHASHES; i++) {
      int index = table.lookup(hash);
      if (index < 0) {
        return null;
      }
      if (mayServe(candidates[index], onlyHealthy, tried, nowMonotonic)) {
        return candidates[index];
      }
      hash = MaglevTable.hash((int) (hash >>> 32));
    }
    for (Candidate candidate : candidates) {
      if ((table == everywhere || candidate.local())
          && mayServe(candidate, onlyHealthy, tried, nowMonotonic)) {
        return candidate;
      }
    }
    return null;
  }
}
