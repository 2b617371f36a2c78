package io.meshd.daemon.ingress;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** One adder per {@link IngressCounter}; any thread. */
final class IngressCounters {
  private final EnumMap<IngressCounter, LongAdder> adders = new EnumMap<>(IngressCounter.class);

  IngressCounters() {
    for (IngressCounter counter : IngressCounter.values()) {
      adders.put(counter, new LongAdder());
    }
  }

  void add(IngressCounter counter, long amount) {
    adder(counter).add(amount);
  }

  void count(IngressCounter counter) {
    adder(counter).increment();
  }

  /** The adder itself, for hot paths that keep it. */
  LongAdder adder(IngressCounter counter) {
    LongAdder adder = adders.get(counter);
    if (adder == null) {
      throw new IllegalStateException("every counter has an adder: " + counter);
    }
    return adder;
  }

  /** Label to value, in the order of the enum. */
  Map<String, Long> snapshot() {
    Map<String, Long> values = new LinkedHashMap<>();
    adders.forEach((counter, adder) -> values.put(counter.label(), adder.sum()));
    return values;
  }
}
