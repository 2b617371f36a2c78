package io.meshd.gossip.membership;

/**
 * How well this node does itself (Lifeguard, section IV.A): 0 is well. A node that gets no answers
 * from anyone blames itself and takes more time before it blames others.
 */
public final class Awareness {
  private final int max;
  private int score;

  Awareness(int max) {
    this.max = max;
  }

  public void add(int delta) {
    score = Math.clamp(score + delta, 0, max - 1);
  }

  public int score() {
    return score;
  }

  /** Longer by as much as we do worse. */
  public long scale(long nanos) {
    return nanos * (score + 1);
  }
}
