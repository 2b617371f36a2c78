package io.meshd.dataplane.switching;

import java.util.Map;

/**
 * Counters of one loop: written by its thread only, without any fence; read by others as they come,
 * a moment late at worst.
 */
@SuppressWarnings("EnumOrdinal") // an index into an array of this process, never stored
public final class LoopCounters {
  private static final DropReason[] REASONS = DropReason.values();
  private static final TrafficCounter[] TRAFFIC = TrafficCounter.values();

  private final long[] drops = new long[REASONS.length];
  private final long[] traffic = new long[TRAFFIC.length];

  public void drop(DropReason reason) {
    drops[reason.ordinal()]++;
  }

  public void drop(DropReason reason, long frames) {
    drops[reason.ordinal()] += frames;
  }

  public void count(TrafficCounter counter, long amount) {
    traffic[counter.ordinal()] += amount;
  }

  public long counted(TrafficCounter counter) {
    return traffic[counter.ordinal()];
  }

  public long dropped(DropReason reason) {
    return drops[reason.ordinal()];
  }

  /** Adds every counter, zeros too, under its public name. */
  public void addTo(Map<String, Long> totals) {
    for (TrafficCounter counter : TRAFFIC) {
      totals.merge(counter.label(), traffic[counter.ordinal()], Long::sum);
    }
    for (DropReason reason : REASONS) {
      totals.merge("dropped." + reason.label(), drops[reason.ordinal()], Long::sum);
    }
  }
}
