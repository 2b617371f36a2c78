package io.meshd.daemon.ingress;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;

/** One adder per {@link IngressCounter}; any thread. */
final class IngressCounters {
  private final EnumMap<IngressCounter, LongAdder> adders = new EnumMap<>(IngressCounter.class);

  /** By published port, of all that ever kept or were to keep clients' addresses. */
  private final Map<String, Preservation> preservations = new ConcurrentSkipListMap<>();

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

  /** The one of a published port, which outlives its publication. */
  Preservation preservation(IngressPort port) {
    return preservations.computeIfAbsent(BindError.name(port), name -> new Preservation());
  }

  /**
   * Label to value, in the order of the enum; then what ports with preserved addresses count, as
   * {@code ingress.preserve.8080/tcp.fallback.ipv6_client}.
   */
  Map<String, Long> snapshot() {
    Map<String, Long> values = new LinkedHashMap<>();
    adders.forEach((counter, adder) -> values.put(counter.label(), adder.sum()));
    preservations.forEach(
        (port, preservation) -> {
          if (preservation.wasWanted()) {
            preservation.counts(
                (label, value) -> values.put("ingress.preserve." + port + "." + label, value));
          }
        });
    return values;
  }
}
