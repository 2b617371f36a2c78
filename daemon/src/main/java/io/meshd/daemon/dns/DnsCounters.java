package io.meshd.daemon.dns;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/** One adder per {@link DnsCounter}; any thread. */
final class DnsCounters {
  private final EnumMap<DnsCounter, LongAdder> adders = new EnumMap<>(DnsCounter.class);

  DnsCounters() {
    for (DnsCounter counter : DnsCounter.values()) {
      adders.put(counter, new LongAdder());
    }
  }

  void count(DnsCounter counter) {
    Objects.requireNonNull(adders.get(counter)).increment();
  }

  /** Label to value, in the order of the enum. */
  Map<String, Long> snapshot() {
    Map<String, Long> values = new LinkedHashMap<>();
    adders.forEach((counter, adder) -> values.put(counter.label(), adder.sum()));
    return values;
  }
}
