package io.meshd.gossip.transport;

import io.meshd.gossip.wire.WireException;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** Numbers by {@link TransportCounter}; any thread. */
public final class TransportCounters {
  private final Map<TransportCounter, LongAdder> counts = new EnumMap<>(TransportCounter.class);

  TransportCounters() {
    for (TransportCounter counter : TransportCounter.values()) {
      counts.put(counter, new LongAdder());
    }
  }

  void add(TransportCounter counter) {
    add(counter, 1);
  }

  void add(TransportCounter counter, long amount) {
    LongAdder count = counts.get(counter);
    if (count != null) {
      count.add(amount);
    }
  }

  void refused(WireException e) {
    add(
        switch (e.reason()) {
          case TRUNCATED -> TransportCounter.REFUSED_TRUNCATED;
          case TOO_LARGE -> TransportCounter.REFUSED_TOO_LARGE;
          case TOO_DEEP -> TransportCounter.REFUSED_TOO_DEEP;
          case BAD_TYPE -> TransportCounter.REFUSED_BAD_TYPE;
          case BAD_FIELD -> TransportCounter.REFUSED_BAD_FIELD;
          case BAD_LABEL -> TransportCounter.REFUSED_BAD_LABEL;
          case BAD_CRC -> TransportCounter.REFUSED_BAD_CRC;
          case BAD_COMPRESSION -> TransportCounter.REFUSED_BAD_COMPRESSION;
          case NOT_DECRYPTED -> TransportCounter.REFUSED_NOT_DECRYPTED;
        });
  }

  public long get(TransportCounter counter) {
    LongAdder count = counts.get(counter);
    return count == null ? 0 : count.sum();
  }

  /** A copy; counters at 0 are left out. */
  public Map<TransportCounter, Long> snapshot() {
    Map<TransportCounter, Long> snapshot = new EnumMap<>(TransportCounter.class);
    counts.forEach(
        (counter, count) -> {
          if (count.sum() > 0) {
            snapshot.put(counter, count.sum());
          }
        });
    return snapshot;
  }
}
