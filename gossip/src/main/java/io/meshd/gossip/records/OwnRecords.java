package io.meshd.gossip.records;

import io.meshd.gossip.records.RecordMessage.Delta;
import io.meshd.gossip.records.RecordMessage.Entry;
import io.meshd.gossip.wire.Bytes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What this node publishes: it alone makes the versions of these records. What was published before
 * the node began to talk is not told change by change; others fetch it whole.
 */
final class OwnRecords {
  /** In the root topic: there is something to fetch already. */
  private static final Bytes FETCH = Bytes.of((byte) 1);

  private final String self;
  private final RecordTable table;
  private final Consumer<Delta> told;
  private long epoch;
  private long last;
  private boolean talking;

  OwnRecords(String self, long epoch, RecordTable table, Consumer<Delta> told) {
    this.self = self;
    this.epoch = epoch;
    this.table = table;
    this.told = told;
    table.stream(RecordTable.ROOT, self, epoch, 0);
  }

  /** From now on changes are told; that of the topics before now are told at once. */
  void start() {
    for (String topic : List.copyOf(table.topics())) {
      if (!topic.equals(RecordTable.ROOT) && stream(topic).view().isEmpty()) {
        // Nobody needs to fetch what is empty.
        change(RecordTable.ROOT, topic, Bytes.EMPTY);
        table.streams(topic).remove(self);
        table.stream(topic, self, epoch, last);
      }
    }
    talking = true;
    retell();
  }

  private void retell() {
    long before = 0;
    List<Entry> entries = new ArrayList<>(stream(RecordTable.ROOT).entries());
    entries.sort((a, b) -> Long.compare(a.number(), b.number()));
    for (Entry entry : entries) {
      told.accept(
          new Delta(
              RecordTable.ROOT,
              self,
              epoch,
              entry.number(),
              before,
              entry.key(),
              entry.value(),
              true));
      before = entry.number();
    }
  }

  void follow(String topic) {
    table.follow(topic);
    change(RecordTable.ROOT, topic, talking ? Bytes.EMPTY : FETCH);
    table.stream(topic, self, epoch, last);
  }

  void unfollow(String topic) {
    table.unfollow(topic);
    change(RecordTable.ROOT, topic, null);
  }

  /** Nothing happens when that is what is published. */
  void publish(String topic, String key, Bytes value) {
    if (!Objects.equals(stream(topic).view().get(key), value)) {
      change(topic, key, value);
    }
  }

  void withdraw(String topic, String key) {
    if (stream(topic).view().containsKey(key)) {
      change(topic, key, null);
    }
  }

  private void change(String topic, String key, @Nullable Bytes value) {
    RecordStream stream = stream(topic);
    Delta delta = new Delta(topic, self, epoch, ++last, stream.upTo(), key, value, true);
    stream.apply(delta);
    if (talking) {
      told.accept(delta);
    }
  }

  private RecordStream stream(String topic) {
    RecordStream stream = table.stream(topic, self);
    if (stream == null) {
      throw new IllegalArgumentException("the topic \"" + topic + "\" is not followed");
    }
    return stream;
  }

  /** Whether somebody has of us what we have not made in this run. */
  boolean disputed(long theirEpoch, long theirNumber) {
    return theirEpoch > epoch || (theirEpoch == epoch && theirNumber > last);
  }

  /** A new run: everything is published again, above what others have. */
  void outbid(long theirEpoch) {
    Map<String, Map<String, Bytes>> all = new TreeMap<>();
    for (String topic : table.topics()) {
      all.put(topic, new TreeMap<>(stream(topic).view()));
    }
    epoch = theirEpoch + 1;
    last = 0;
    boolean talked = talking;
    talking = false;
    for (String topic : all.keySet()) {
      table.streams(topic).remove(self);
    }
    table.stream(RecordTable.ROOT, self, epoch, 0);
    for (String topic : all.keySet()) {
      if (!topic.equals(RecordTable.ROOT)) {
        change(RecordTable.ROOT, topic, FETCH);
        table.stream(topic, self, epoch, last);
      }
    }
    all.forEach(
        (topic, records) -> {
          if (!topic.equals(RecordTable.ROOT)) {
            records.forEach((key, value) -> change(topic, key, value));
          }
        });
    talking = talked;
    if (talking) {
      retell();
    }
  }

  long epoch() {
    return epoch;
  }
}
