package io.meshd.daemon.managers;

import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;

/** The counts of one transport. */
final class ManagerCounters {
  private final Map<ManagerCounter, LongAdder> counts = new EnumMap<>(ManagerCounter.class);

  ManagerCounters() {
    for (ManagerCounter counter : ManagerCounter.values()) {
      counts.put(counter, new LongAdder());
    }
  }

  void count(ManagerCounter counter) {
    LongAdder adder = counts.get(counter);
    if (adder != null) {
      adder.increment();
    }
  }

  Map<String, Long> all() {
    Map<String, Long> all = new TreeMap<>();
    counts.forEach((counter, count) -> all.put(counter.word(), count.sum()));
    return all;
  }
}
