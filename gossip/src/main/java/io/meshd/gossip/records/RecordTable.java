package io.meshd.gossip.records;

import io.meshd.gossip.records.RecordMessage.Digest;
import io.meshd.gossip.wire.Bytes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * All streams of the topics that this node follows, and who follows what. The root topic, whose
 * name is empty, is followed by all; its records say which topics a member follows. Of an owner
 * that does not live nothing is seen, but it is kept.
 */
final class RecordTable {
  static final String ROOT = "";

  private final String self;
  private final Predicate<String> lives;
  private final RecordListener listener;
  private final Attachments attachments;
  private final Map<String, Map<String, RecordStream>> topics = new TreeMap<>();

  /** Hears which topics members follow, whether they live or not. */
  interface Attachments {
    void changed(String member, String topic, @Nullable Bytes value);
  }

  RecordTable(
      String self, Predicate<String> lives, RecordListener listener, Attachments attachments) {
    this.self = self;
    this.lives = lives;
    this.listener = listener;
    this.attachments = attachments;
    topics.put(ROOT, new TreeMap<>());
  }

  /** Whether this node follows the topic. */
  boolean follows(String topic) {
    return topics.containsKey(topic);
  }

  /** Whether that member does, as far as is known. */
  boolean follows(String member, String topic) {
    if (topic.equals(ROOT)) {
      return true;
    }
    RecordStream root = streams(ROOT).get(member);
    return root != null && root.view().containsKey(topic);
  }

  void follow(String topic) {
    topics.put(topic, new TreeMap<>());
  }

  void unfollow(String topic) {
    Map<String, RecordStream> streams = topics.get(topic);
    if (streams != null) {
      for (RecordStream stream : List.copyOf(streams.values())) {
        stream.end(stream.epoch(), Long.MAX_VALUE);
      }
      topics.remove(topic);
    }
  }

  /** With the root topic. */
  Set<String> topics() {
    return topics.keySet();
  }

  /** By owner. */
  Map<String, RecordStream> streams(String topic) {
    return Objects.requireNonNull(topics.get(topic), topic);
  }

  Collection<RecordStream> streams() {
    List<RecordStream> all = new ArrayList<>();
    topics.values().forEach(streams -> all.addAll(streams.values()));
    return all;
  }

  @Nullable RecordStream stream(String topic, String owner) {
    Map<String, RecordStream> streams = topics.get(topic);
    return streams == null ? null : streams.get(owner);
  }

  /** The stream, a new one when there is none; the topic must be followed. */
  RecordStream stream(String topic, String owner, long epoch, long upTo) {
    return streams(topic)
        .computeIfAbsent(
            owner, o -> new RecordStream(topic, owner, epoch, upTo, new Seen(topic, owner)));
  }

  private final class Seen implements RecordStream.View {
    private final String topic;
    private final String owner;

    Seen(String topic, String owner) {
      this.topic = topic;
      this.owner = owner;
    }

    @Override
    public void changed(String key, @Nullable Bytes value) {
      RecordTable.this.changed(topic, owner, key, value);
    }

    @Override
    public void complete() {
      if (!owner.equals(self) && lives.test(owner) && !topic.equals(ROOT)) {
        listener.complete(topic, owner);
      }
    }
  }

  private void changed(String topic, String owner, String key, @Nullable Bytes value) {
    if (owner.equals(self)) {
      return;
    }
    if (topic.equals(ROOT)) {
      attachments.changed(owner, key, value);
    }
    if (lives.test(owner)) {
      tell(topic, owner, key, value);
    }
  }

  private void tell(String topic, String owner, String key, @Nullable Bytes value) {
    if (topic.equals(ROOT)) {
      listener.follows(key, owner, value != null);
    } else {
      listener.record(topic, owner, key, value);
    }
  }

  /** The owner lives again, or for the first time: what was kept is seen. */
  void show(String owner) {
    for (RecordStream stream : of(owner)) {
      stream.view().forEach((key, value) -> tell(stream.topic(), owner, key, value));
      if (stream.isComplete() && !stream.topic().equals(ROOT)) {
        listener.complete(stream.topic(), owner);
      }
    }
  }

  /** The owner is dead: nothing of it is seen. */
  void hide(String owner) {
    for (RecordStream stream : of(owner)) {
      stream.view().keySet().forEach(key -> tell(stream.topic(), owner, key, null));
    }
  }

  /** Everything of the owner goes. */
  void drop(String owner) {
    topics.values().forEach(streams -> streams.remove(owner));
  }

  private List<RecordStream> of(String owner) {
    return streams().stream().filter(stream -> stream.owner().equals(owner)).toList();
  }

  /** All owners of anything here. */
  Set<String> owners() {
    Set<String> owners = new TreeSet<>();
    topics.values().forEach(streams -> owners.addAll(streams.keySet()));
    return owners;
  }

  /** Of the topics among these that this node follows, and of known owners. */
  List<Digest> digests(Collection<String> wanted, Predicate<String> known) {
    List<Digest> digests = new ArrayList<>();
    for (String topic : wanted) {
      Map<String, RecordStream> streams = topics.get(topic);
      if (streams != null) {
        streams.values().stream()
            .filter(stream -> known.test(stream.owner()))
            .forEach(stream -> digests.add(stream.digest()));
      }
    }
    return digests;
  }
}
