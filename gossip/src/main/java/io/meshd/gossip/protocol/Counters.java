package io.meshd.gossip.protocol;

import java.util.EnumMap;
import java.util.Map;

/** Numbers by {@link GossipCounter}; the core's thread writes and reads. */
public final class Counters {
  private final Map<GossipCounter, Long> counts = new EnumMap<>(GossipCounter.class);

  public void add(GossipCounter counter) {
    counts.merge(counter, 1L, Long::sum);
  }

  public long get(GossipCounter counter) {
    return counts.getOrDefault(counter, 0L);
  }

  /** A copy; counters at 0 are left out. */
  public Map<GossipCounter, Long> snapshot() {
    return new EnumMap<>(counts);
  }
}
