package io.meshd.dataplane.lb;

/**
 * A backend of a service as new flows see it.
 *
 * @param weight share of new flows, 100 by default
 * @param local on this node
 * @param readySinceMillis since the epoch
 */
public record Candidate(
    BackendLoad load, int ip, int weight, boolean draining, boolean local, long readySinceMillis) {

  private static final double FIRST_SHARE = 0.1;

  boolean takesFlows() {
    return !draining && weight > 0;
  }

  /** One of 64; two of a large service may share one, and then count as tried together. */
  long triedBit() {
    return 1L << load.slot();
  }

  /** The weight as far as slow start lets it: from a tenth up, in a straight line. */
  double weightAt(long nowMillis, long slowStartMillis) {
    long age = nowMillis - readySinceMillis;
    if (age >= slowStartMillis) {
      return weight;
    }
    return weight * Math.max(FIRST_SHARE, (double) age / slowStartMillis);
  }
}
