package io.meshd.gossip.records;

import io.meshd.gossip.records.RecordMessage.Delta;
import io.meshd.gossip.records.RecordMessage.Digest;
import io.meshd.gossip.records.RecordMessage.Entry;
import io.meshd.gossip.records.RecordMessage.Snapshot;
import io.meshd.gossip.wire.Bytes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One owner's records in one topic, as far as they came here.
 *
 * <p>{@code upTo} is how far they are complete. A change whose predecessor is missing counts at
 * once, for nobody but the owner makes versions, but {@code upTo} stays behind until the gap is
 * filled. A withdrawn record is remembered by its number until {@code upTo} has passed it: then
 * every older change is known to be old, and nothing can come back.
 *
 * <p>When the owner has started again, what is seen is still that of its run before until a
 * snapshot of the new one is here: a restart takes nothing away that is published again.
 */
final class RecordStream {
  static final long UNKNOWN = -1;

  /** More changes than that beyond a gap are not kept apart: a snapshot brings them. */
  private static final int MAX_EARLY = 4096;

  private final String topic;
  private final String owner;
  private final View seen;
  private final Map<String, Entry> entries = new TreeMap<>();

  /** Beyond a gap: number to the number before it. */
  private final TreeMap<Long, Long> early = new TreeMap<>();

  /** Entries without a value, by their number. */
  private final TreeMap<Long, String> withdrawn = new TreeMap<>();

  /** What is seen, by key. */
  private final Map<String, Bytes> view = new TreeMap<>();

  private long epoch;
  private long upTo;
  private long newest;

  private boolean complete;

  /** Hears what changes in what is seen. */
  interface View {
    /** Value null: it is gone. */
    void changed(String key, @Nullable Bytes value);

    /** For the first time all that the owner has is known. */
    default void complete() {}
  }

  enum Outcome {
    APPLIED,
    KNOWN,
    OLDER_RUN
  }

  /**
   * An empty stream.
   *
   * @param upTo {@link #UNKNOWN} when it is not known what came before
   * @param seen hears what is seen
   */
  RecordStream(String topic, String owner, long epoch, long upTo, View seen) {
    this.topic = topic;
    this.owner = owner;
    this.epoch = epoch;
    this.upTo = upTo;
    this.newest = upTo;
    this.seen = seen;
    completed();
  }

  Outcome apply(Delta delta) {
    if (delta.epoch() < epoch) {
      return Outcome.OLDER_RUN;
    }
    if (delta.epoch() > epoch) {
      begin(delta.epoch());
    }
    if (delta.number() <= upTo) {
      return Outcome.KNOWN;
    }
    Entry known = entries.get(delta.key());
    boolean seen = known != null && known.number() >= delta.number();
    if (seen || early.containsKey(delta.number())) {
      return Outcome.KNOWN;
    }
    newest = Math.max(newest, delta.number());
    if (!delta.here()) {
      // The value is missing, so nothing can be complete beyond it.
      return Outcome.APPLIED;
    }
    put(new Entry(delta.key(), delta.number(), delta.value()));
    show(delta.key(), delta.value());
    if (early.size() < MAX_EARLY) {
      early.put(delta.number(), delta.before());
    }
    advance();
    completed();
    return Outcome.APPLIED;
  }

  private void completed() {
    if (!complete && whole()) {
      complete = true;
      seen.complete();
    }
  }

  /** Whether once all was known that the owner has. */
  boolean isComplete() {
    return complete;
  }

  private void begin(long newEpoch) {
    epoch = newEpoch;
    upTo = UNKNOWN;
    newest = UNKNOWN;
    entries.clear();
    early.clear();
    withdrawn.clear();
  }

  private void advance() {
    while (upTo != UNKNOWN && !early.isEmpty() && early.firstEntry().getValue() <= upTo) {
      upTo = Math.max(upTo, early.pollFirstEntry().getKey());
    }
    // Nothing older than these can come any more that would be believed.
    Map<Long, String> passed = withdrawn.headMap(upTo, true);
    passed.forEach(
        (number, key) -> {
          Entry entry = entries.get(key);
          if (entry != null && entry.number() == number) {
            entries.remove(key);
          }
        });
    passed.clear();
  }

  private void put(Entry entry) {
    entries.put(entry.key(), entry);
    if (entry.value() == null) {
      withdrawn.put(entry.number(), entry.key());
    }
  }

  /** False when it cannot be applied: it builds on what is not here; ask for all. */
  boolean apply(Snapshot snapshot) {
    if (snapshot.epoch() < epoch || (snapshot.epoch() == epoch && snapshot.upTo() < upTo)) {
      return true;
    }
    if (snapshot.epoch() > epoch) {
      if (snapshot.since() != UNKNOWN) {
        return false;
      }
      begin(snapshot.epoch());
    } else if (snapshot.since() > upTo) {
      return false;
    }
    Set<Long> there = new HashSet<>(snapshot.kept());
    if (!hasAll(there)) {
      return false;
    }
    snapshot.entries().forEach(entry -> there.add(entry.number()));
    entries.values().removeIf(e -> e.number() <= snapshot.upTo() && !there.contains(e.number()));
    for (Entry entry : snapshot.entries()) {
      Entry known = entries.get(entry.key());
      if (known == null || known.number() < entry.number()) {
        put(entry);
      }
      newest = Math.max(newest, entry.number());
    }
    upTo = snapshot.upTo();
    newest = Math.max(newest, upTo);
    early.headMap(upTo, true).clear();
    advance();
    showAll();
    completed();
    return true;
  }

  private boolean hasAll(Set<Long> numbers) {
    Set<Long> missing = new HashSet<>(numbers);
    entries.values().forEach(entry -> missing.remove(entry.number()));
    return missing.isEmpty();
  }

  /** The owner no longer publishes here since the number: nothing is left. */
  void end(long endedEpoch, long since) {
    if (endedEpoch < epoch) {
      return;
    }
    if (endedEpoch > epoch) {
      begin(endedEpoch);
    }
    entries.values().removeIf(entry -> entry.number() <= since);
    early.headMap(since, true).clear();
    upTo = Math.max(upTo, since);
    newest = Math.max(newest, upTo);
    advance();
    showAll();
  }

  private void showAll() {
    for (String key : List.copyOf(view.keySet())) {
      Entry entry = entries.get(key);
      if (entry == null) {
        show(key, null);
      }
    }
    entries.values().forEach(entry -> show(entry.key(), entry.value()));
  }

  private void show(String key, @Nullable Bytes value) {
    Bytes before = value == null ? view.remove(key) : view.put(key, value);
    if (!Objects.equals(value, before)) {
      seen.changed(key, value);
    }
  }

  /** What there is since a number, for one who has everything up to it. */
  Snapshot snapshot(long askedEpoch, long askedSince) {
    long since = askedEpoch == epoch && askedSince <= upTo ? askedSince : UNKNOWN;
    List<Long> kept = new ArrayList<>();
    List<Entry> fresh = new ArrayList<>();
    for (Entry entry : entries.values()) {
      if (entry.number() > since) {
        fresh.add(entry);
      } else {
        kept.add(entry.number());
      }
    }
    return new Snapshot(topic, owner, epoch, upTo, since, kept, fresh);
  }

  Digest digest() {
    int count = 0;
    long hash = 0;
    for (Entry entry : entries.values()) {
      if (entry.value() != null) {
        count++;
        hash ^= mix(31L * entry.key().hashCode() + entry.number());
      }
    }
    return new Digest(topic, owner, epoch, upTo, count, hash, whole());
  }

  /** Scatters neighbouring numbers (the finalizer of SplitMix64). */
  static long mix(long value) {
    long z = value + 0x9e3779b97f4a7c15L;
    z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
    z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
    return z ^ z >>> 31;
  }

  /** Whether nothing is known to be missing. */
  boolean whole() {
    return upTo != UNKNOWN && newest <= upTo;
  }

  Map<String, Bytes> view() {
    return view;
  }

  List<Entry> entries() {
    return List.copyOf(entries.values());
  }

  String topic() {
    return topic;
  }

  String owner() {
    return owner;
  }

  long epoch() {
    return epoch;
  }

  long upTo() {
    return upTo;
  }

  /** Highest number that was heard of. */
  long newest() {
    return newest;
  }
}
