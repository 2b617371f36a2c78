package io.meshd.daemon.http;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who was turned away at a door, counted by reason; and a log line per reason, at most one a
 * minute, that says how many there were since the one before.
 */
final class DoorRecord {
  private static final Logger LOG = LoggerFactory.getLogger(DoorRecord.class);
  private static final Duration PAUSE = Duration.ofMinutes(1);

  private final String door;
  private final LongSupplier nanoTime;
  private final Map<TurnedAway, Entry> entries = new EnumMap<>(TurnedAway.class);

  private static final class Entry {
    final LongAdder count = new LongAdder();
    final LongAdder unsaid = new LongAdder();
    final AtomicLong saidAt;

    Entry(long saidAt) {
      this.saidAt = new AtomicLong(saidAt);
    }
  }

  /** {@code door}: its counters' first part, and its name in the log. */
  DoorRecord(String door) {
    this(door, System::nanoTime);
  }

  DoorRecord(String door, LongSupplier nanoTime) {
    this.door = door;
    this.nanoTime = nanoTime;
    long longAgo = nanoTime.getAsLong() - PAUSE.toNanos();
    for (TurnedAway reason : TurnedAway.values()) {
      entries.put(reason, new Entry(longAgo));
    }
  }

  /** {@code address}: of whom, without port. */
  void count(TurnedAway reason, String address) {
    Entry entry = entries.get(reason);
    if (entry == null) {
      throw new IllegalStateException("no entry for " + reason);
    }
    entry.count.increment();
    entry.unsaid.increment();
    long said = entry.saidAt.get();
    long now = nanoTime.getAsLong();
    if (now - said >= PAUSE.toNanos() && entry.saidAt.compareAndSet(said, now)) {
      long since = entry.unsaid.sumThenReset();
      LOG.info(
          "{}: {} turned away, {}{}",
          door,
          address,
          reason.sentence(),
          since > 1 ? " (" + since + " times since this was said last)" : "");
    }
  }

  long count(TurnedAway reason) {
    Entry entry = entries.get(reason);
    return entry == null ? 0 : entry.count.sum();
  }

  /** Those that are not 0, {@code control.refused.not-tls}. */
  Map<String, Long> counters() {
    Map<String, Long> counters = new TreeMap<>();
    entries.forEach(
        (reason, entry) -> {
          long count = entry.count.sum();
          if (count > 0) {
            counters.put(door + ".refused." + reason.word(), count);
          }
        });
    return counters;
  }
}
