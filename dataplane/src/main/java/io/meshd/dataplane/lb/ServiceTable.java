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

  private final Balancing balancing;
  private final long slowStartMillis;
  private final Candidate[] candidates;
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
    addresses = candidates.stream().mapToInt(Candidate::ip).sorted().toArray();
    this.everywhere = everywhere;
    this.here = here;
  }

  /** Whether a flow may stay with that backend. */
  public boolean has(int backend) {
    return Arrays.binarySearch(addresses, backend) >= 0;
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
    if (balancing.preferLocal()) {
      Candidate local = ofTwo(true, true, tried, nowMillis, nowMonotonic, random);
      if (local != null) {
        return local;
      }
    }
    Candidate healthy = ofTwo(false, true, tried, nowMillis, nowMonotonic, random);
    return healthy != null ? healthy : ofTwo(false, false, tried, nowMillis, nowMonotonic, random);
  }

  private @Nullable Candidate ofTwo(
      boolean onlyLocal,
      boolean onlyHealthy,
      long tried,
      long nowMillis,
      long nowMonotonic,
      RandomGenerator random) {
    double total = 0;
    for (Candidate candidate : candidates) {
      if (mayServe(candidate, onlyLocal, onlyHealthy, tried, nowMonotonic)) {
        total += candidate.weightAt(nowMillis, slowStartMillis);
      }
    }
    double first = random.nextDouble() * total;
    double second = random.nextDouble() * total;
    Candidate a = null;
    Candidate b = null;
    for (Candidate candidate : candidates) {
      if (!mayServe(candidate, onlyLocal, onlyHealthy, tried, nowMonotonic)) {
        continue;
      }
      double weight = candidate.weightAt(nowMillis, slowStartMillis);
      if (first >= 0) {
        a = candidate;
      }
      if (second >= 0) {
        b = candidate;
      }
      first -= weight;
      second -= weight;
    }
    return a == null || b == null ? null : lighter(a, b, nowMillis);
  }

  private Candidate lighter(Candidate a, Candidate b, long nowMillis) {
    double ofA = (a.load().openFlows() + 1) / a.weightAt(nowMillis, slowStartMillis);
    double ofB = (b.load().openFlows() + 1) / b.weightAt(nowMillis, slowStartMillis);
    return ofB < ofA ? b : a;
  }

  private boolean mayServe(
      Candidate candidate, boolean onlyLocal, boolean onlyHealthy, long tried, long nowMonotonic) {
    return !candidate.draining()
        && candidate.weight() > 0
        && (tried & candidate.triedBit()) == 0
        && (!onlyLocal || candidate.local())
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
      if (mayServe(candidates[index], false, onlyHealthy, tried, nowMonotonic)) {
        return candidates[index];
      }
      hash = MaglevTable.hash((int) (hash >>> 32));
    }
    for (Candidate candidate : candidates) {
      if (mayServe(candidate, table == here, onlyHealthy, tried, nowMonotonic)) {
        return candidate;
      }
    }
    return null;
  }
}
