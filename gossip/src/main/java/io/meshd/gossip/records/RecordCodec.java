package io.meshd.gossip.records;

import io.meshd.gossip.records.RecordMessage.Delta;
import io.meshd.gossip.records.RecordMessage.Digest;
import io.meshd.gossip.records.RecordMessage.Digests;
import io.meshd.gossip.records.RecordMessage.Entry;
import io.meshd.gossip.records.RecordMessage.Pull;
import io.meshd.gossip.records.RecordMessage.Snapshot;
import io.meshd.gossip.records.RecordMessage.Snapshots;
import io.meshd.gossip.records.RecordMessage.Summary;
import io.meshd.gossip.records.RecordMessage.Want;
import io.meshd.gossip.wire.Bytes;
import io.meshd.gossip.wire.WireException;
import io.meshd.gossip.wire.WireException.Reason;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Record messages to bytes and back: type, then the fields in the order of the record classes. A
 * number that may be -1 is written one higher.
 */
final class RecordCodec {
  /** Most bytes of a topic's name and of a record's key. */
  static final int MAX_NAME_BYTES = 255;

  /** Most bytes of a record's value. */
  static final int MAX_VALUE_BYTES = 1 << 16;

  // Types are append only: members of other versions are in the same cluster.
  private static final int DELTA = 1;
  private static final int SNAPSHOTS = 2;
  private static final int DIGESTS = 3;
  private static final int PULL = 4;
  private static final int SUMMARY = 5;

  private static final int GONE = 0;
  private static final int VALUE = 1;
  private static final int ELSEWHERE = 2;

  private RecordCodec() {}

  static Bytes encode(RecordMessage message) {
    RecordWriter out = new RecordWriter();
    switch (message) {
      case Delta delta -> {
        out.octet(DELTA).text(delta.topic()).text(delta.owner()).number(delta.epoch());
        out.number(delta.number()).number(delta.before()).text(delta.key());
        if (!delta.here()) {
          out.octet(ELSEWHERE);
        } else {
          value(out, delta.value());
        }
      }
      case Snapshots snapshots -> {
        out.octet(SNAPSHOTS).number(snapshots.snapshots().size());
        snapshots.snapshots().forEach(snapshot -> snapshot(out, snapshot));
      }
      case Digests digests -> {
        out.octet(DIGESTS).text(digests.from()).number(digests.topics().size());
        digests.topics().forEach(out::text);
        out.number(digests.digests().size());
        for (Digest digest : digests.digests()) {
          // The topic by its place in the list.
          out.number(digests.topics().indexOf(digest.topic())).text(digest.owner());
          out.number(digest.epoch()).number(digest.upTo() + 1).number(digest.count());
          out.fixed(digest.hash()).octet(digest.whole() ? 1 : 0);
        }
      }
      case Pull pull -> {
        out.octet(PULL).text(pull.from()).number(pull.wants().size());
        for (Want want : pull.wants()) {
          out.text(want.topic()).text(want.owner()).number(want.epoch()).number(want.since() + 1);
        }
      }
      case Summary summary -> out.octet(SUMMARY).text(summary.from()).fixed(summary.hash());
    }
    return out.done();
  }

  private static void value(RecordWriter out, @Nullable Bytes value) {
    if (value == null) {
      out.octet(GONE);
    } else {
      out.octet(VALUE).bytes(value);
    }
  }

  private static void snapshot(RecordWriter out, Snapshot snapshot) {
    out.text(snapshot.topic()).text(snapshot.owner()).number(snapshot.epoch());
    out.number(snapshot.upTo() + 1).number(snapshot.since() + 1);
    out.number(snapshot.kept().size());
    snapshot.kept().forEach(out::number);
    out.number(snapshot.entries().size());
    for (Entry entry : snapshot.entries()) {
      out.text(entry.key()).number(entry.number());
      value(out, entry.value());
    }
  }

  static RecordMessage decode(Bytes bytes) throws WireException {
    RecordReader in = new RecordReader(bytes);
    int type = in.octet();
    return switch (type) {
      case DELTA -> delta(in);
      case SNAPSHOTS -> {
        List<Snapshot> snapshots = new ArrayList<>();
        for (int left = in.count(7); left > 0; left--) {
          snapshots.add(snapshot(in));
        }
        yield new Snapshots(snapshots);
      }
      case DIGESTS -> digests(in);
      case PULL -> {
        String from = in.text(MAX_NAME_BYTES);
        List<Want> wants = new ArrayList<>();
        for (int left = in.count(4); left > 0; left--) {
          wants.add(new Want(name(in), name(in), in.number(), in.number() - 1));
        }
        yield new Pull(from, wants);
      }
      case SUMMARY -> new Summary(name(in), in.fixed());
      default -> throw new WireException(Reason.BAD_TYPE, "record message type " + type);
    };
  }

  private static String name(RecordReader in) throws WireException {
    return in.text(MAX_NAME_BYTES);
  }

  private static Delta delta(RecordReader in) throws WireException {
    String topic = name(in);
    String owner = name(in);
    long epoch = in.number();
    long number = in.number();
    long before = in.number();
    String key = name(in);
    if (before >= number) {
      throw new WireException(Reason.BAD_FIELD, "a change that is before the one before it");
    }
    int kind = in.octet();
    Bytes value = kind == VALUE ? in.bytes(MAX_VALUE_BYTES) : null;
    if (kind > ELSEWHERE) {
      throw new WireException(Reason.BAD_FIELD, "kind of value " + kind);
    }
    return new Delta(topic, owner, epoch, number, before, key, value, kind != ELSEWHERE);
  }

  private static Snapshot snapshot(RecordReader in) throws WireException {
    String topic = name(in);
    String owner = name(in);
    long epoch = in.number();
    long upTo = in.number() - 1;
    long since = in.number() - 1;
    List<Long> kept = new ArrayList<>();
    for (int left = in.count(1); left > 0; left--) {
      kept.add(in.number());
    }
    List<Entry> entries = new ArrayList<>();
    for (int left = in.count(3); left > 0; left--) {
      String key = name(in);
      long number = in.number();
      Bytes value = in.octet() == GONE ? null : in.bytes(MAX_VALUE_BYTES);
      entries.add(new Entry(key, number, value));
    }
    return new Snapshot(topic, owner, epoch, upTo, since, kept, entries);
  }

  private static Digests digests(RecordReader in) throws WireException {
    String from = name(in);
    List<String> topics = new ArrayList<>();
    for (int left = in.count(1); left > 0; left--) {
      topics.add(name(in));
    }
    List<Digest> digests = new ArrayList<>();
    for (int left = in.count(14); left > 0; left--) {
      long topic = in.number();
      if (topic >= topics.size()) {
        throw new WireException(Reason.BAD_FIELD, "topic " + topic + " of " + topics.size());
      }
      digests.add(
          new Digest(
              topics.get((int) topic),
              name(in),
              in.number(),
              in.number() - 1,
              (int) Math.min(Integer.MAX_VALUE, in.number()),
              in.fixed(),
              in.octet() != 0));
    }
    return new Digests(from, topics, digests);
  }
}
