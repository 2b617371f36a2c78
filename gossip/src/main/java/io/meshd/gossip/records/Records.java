package io.meshd.gossip.records;

import io.meshd.gossip.membership.Peer;
import io.meshd.gossip.membership.Timing;
import io.meshd.gossip.protocol.GossipCounter;
import io.meshd.gossip.protocol.GossipNode;
import io.meshd.gossip.protocol.PayloadDelegate;
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
import io.meshd.gossip.wire.PushPull.Liveness;
import io.meshd.gossip.wire.WireException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The records of a cluster as one member sees them. Four ways bring them, each for what the ones
 * before it missed:
 *
 * <ol>
 *   <li>a change is gossiped to the members that follow its topic;
 *   <li>who sees by the number before it that another change is missing pulls it over a stream;
 *   <li>packets carry a hash of what two members share; where it differs they compare digests;
 *   <li>every exchange of states carries all digests, and who follows what.
 * </ol>
 *
 * <p>One thread, that of the node. Longer than most: what comes in by each of the ways is one
 * method here, and the work is in {@link RecordTable}, {@link RecordNews} and {@link RecordSync}.
 */
public final class Records implements PayloadDelegate {
  private static final long SECOND_NANOS = 1_000_000_000L;

  /** Between two hashes to the same member. */
  private static final long SUMMARY_NANOS = 2 * SECOND_NANOS;

  /** No hash makes two members compare more often than that. */
  private static final long COMPARE_NANOS = SECOND_NANOS;

  private static final int SUMMARY_BYTES = 160;

  /** A change that is larger goes by stream. */
  private static final int MAX_GOSSIPED_BYTES = 1_000;

  /** Records of an owner that is no member yet wait so long for it. */
  private static final long STRANGER_NANOS = 60 * SECOND_NANOS;

  private static final int MAX_STRANGERS = 1024;
  private static final long ANSWER_BYTES = 4L << 20;
  private static final int MAX_DOUBTS = 4;

  private final GossipNode node;
  private final Timing timing;
  private final RecordTable table;
  private final OwnRecords own;
  private final RecordNews news;
  private final RecordSync sync;
  private final Map<String, Long> summarised = new HashMap<>();
  private final Map<String, Long> strangers = new TreeMap<>();
  private final Set<String> doubts = new TreeSet<>();

  /** Topics of which nobody else's digests were seen since this node follows them. */
  private final Set<String> fresh = new TreeSet<>();

  /**
   * The records of a node.
   *
   * @param epoch of this run of the node; higher than in every run before
   */
  public Records(GossipNode node, Timing timing, long epoch, RecordListener listener) {
    this.node = node;
    this.timing = timing;
    String self = node.members().self().name();
    table = new RecordTable(self, this::lives, listener, this::attachment);
    own = new OwnRecords(self, epoch, table, this::tell);
    news = new RecordNews(node, table);
    sync = new RecordSync(node, table, this::snapshot, this::ofOurs);
  }

  private boolean lives(String owner) {
    Peer peer = node.members().peer(owner);
    return peer != null && peer.lives();
  }

  @Override
  public void start() {
    own.start();
    tick();
  }

  private void tick() {
    if (!node.running()) {
      return;
    }
    long now = node.timers().nanos();
    for (String owner : table.owners()) {
      if (node.members().peer(owner) != null) {
        strangers.remove(owner);
      } else if (now - strangers.computeIfAbsent(owner, o -> now) > STRANGER_NANOS) {
        strangers.remove(owner);
        table.drop(owner);
      }
    }
    summarised.values().removeIf(at -> now - at > SUMMARY_NANOS);
    for (String topic : fresh) {
      List<Peer> one = followers(topic, 1);
      one.forEach(sync::compare);
    }
    node.timers().after(SECOND_NANOS / 2, this::tick);
  }

  private List<Peer> followers(String topic, int most) {
    return node.members()
        .draw()
        .some(
            most,
            peer -> peer.lives() && GossipNode.ours(peer) && table.follows(peer.name(), topic));
  }

  /** Begins to follow a topic; its records come in as they are found. */
  public void follow(String topic) {
    requireName("a topic", topic);
    if (!table.follows(topic)) {
      own.follow(topic);
      fresh.add(topic);
      if (node.running()) {
        followers(topic, 1).forEach(sync::compare);
      }
    }
  }

  /** Forgets a topic, and withdraws from it all that this node published. */
  public void unfollow(String topic) {
    if (!topic.isEmpty() && table.follows(topic)) {
      own.unfollow(topic);
      fresh.remove(topic);
    }
  }

  /**
   * Publishes a record, or a new value of it.
   *
   * @param topic followed
   * @throws IllegalArgumentException when the topic is not followed or something is too long: names
   *     255 bytes of UTF-8, values 64 KiB
   */
  public void publish(String topic, String key, Bytes value) {
    requireName("a topic", topic);
    requireName("a key", key);
    if (value.length() > RecordCodec.MAX_VALUE_BYTES) {
      throw new IllegalArgumentException(
          "a record has at most " + RecordCodec.MAX_VALUE_BYTES + " bytes, not " + value.length());
    }
    own.publish(topic, key, value);
  }

  /** Takes a record back; nothing happens when it is not published. */
  public void withdraw(String topic, String key) {
    requireName("a topic", topic);
    own.withdraw(topic, key);
  }

  private static void requireName(String what, String name) {
    int bytes = name.getBytes(StandardCharsets.UTF_8).length;
    if (bytes == 0 || bytes > RecordCodec.MAX_NAME_BYTES) {
      throw new IllegalArgumentException(
          what + " has 1 to " + RecordCodec.MAX_NAME_BYTES + " bytes, not " + bytes);
    }
  }

  private void tell(Delta delta) {
    news.add(subject(delta), packed(delta), true);
  }

  private static RecordNews.Subject subject(Delta delta) {
    return new RecordNews.Subject(delta.topic(), delta.owner(), delta.key());
  }

  private static Delta packed(Delta delta) {
    Bytes value = delta.value();
    return value == null || value.length() + delta.key().length() <= MAX_GOSSIPED_BYTES
        ? delta
        : new Delta(
            delta.topic(),
            delta.owner(),
            delta.epoch(),
            delta.number(),
            delta.before(),
            delta.key(),
            null,
            false);
  }

  // From packets.

  @Override
  public void message(Bytes payload) {
    try {
      switch (RecordCodec.decode(payload)) {
        case Delta delta -> delta(delta);
        case Summary summary -> summary(summary);
        case Snapshots snapshots -> count(GossipCounter.BAD_PAYLOADS);
        case Digests digests -> count(GossipCounter.BAD_PAYLOADS);
        case Pull pull -> count(GossipCounter.BAD_PAYLOADS);
      }
    } catch (WireException e) {
      count(GossipCounter.BAD_PAYLOADS);
    }
  }

  private void count(GossipCounter counter) {
    node.counters().add(counter);
  }

  private void delta(Delta delta) {
    if (delta.owner().equals(node.members().self().name())) {
      dispute(delta.epoch(), delta.number());
      return;
    }
    if (!table.follows(delta.topic())) {
      count(GossipCounter.RECORDS_NOT_SUBSCRIBED);
      return;
    }
    Peer owner = node.members().peer(delta.owner());
    boolean tooMany = owner == null && strangers.size() >= MAX_STRANGERS;
    if (tooMany || (owner != null && owner.state() == Liveness.LEFT)) {
      count(GossipCounter.RECORDS_OF_AN_OLDER_RUN);
      return;
    }
    long upTo = delta.before() == 0 ? 0 : RecordStream.UNKNOWN;
    RecordStream stream = table.stream(delta.topic(), delta.owner(), delta.epoch(), upTo);
    switch (stream.apply(delta)) {
      case OLDER_RUN -> count(GossipCounter.RECORDS_OF_AN_OLDER_RUN);
      case KNOWN -> count(GossipCounter.RECORDS_KNOWN);
      case APPLIED -> {
        count(GossipCounter.RECORDS_APPLIED);
        news.add(subject(delta), delta, false);
        begun(delta);
        attached(stream);
        if (!stream.whole()) {
          count(GossipCounter.RECORD_GAPS);
          sync.need(delta.topic(), delta.owner(), delta.epoch(), stream.newest(), null);
        }
      }
    }
  }

  private void dispute(long epoch, long number) {
    if (own.disputed(epoch, number)) {
      count(GossipCounter.OUTBID);
      own.outbid(epoch);
    }
  }

  private void ofOurs(Digest digest) {
    dispute(digest.epoch(), digest.upTo());
  }

  /** Who follows a topic from just now on has published nothing there yet. */
  private void begun(Delta delta) {
    Bytes value = delta.value();
    if (delta.topic().equals(RecordTable.ROOT)
        && value != null
        && value.isEmpty()
        && table.follows(delta.key())) {
      table.stream(delta.key(), delta.owner(), delta.epoch(), delta.number());
    }
  }

  /** Also where a new run of a member follows what the one before it did. */
  private void attached(RecordStream stream) {
    if (stream.topic().equals(RecordTable.ROOT)) {
      Map.copyOf(stream.view()).forEach((topic, value) -> attachment(stream.owner(), topic, value));
    }
  }

  /** A member follows a topic or no longer: that says where its stream begins and ends. */
  private void attachment(String member, String topic, @Nullable Bytes value) {
    RecordStream root = table.stream(RecordTable.ROOT, member);
    if (root == null || !table.follows(topic)) {
      return;
    }
    RecordStream stream = table.stream(topic, member);
    if (value == null) {
      if (stream != null) {
        stream.end(root.epoch(), root.newest());
      }
      return;
    }
    long since = numberOf(root, topic);
    if (stream == null || stream.epoch() < root.epoch()) {
      sync.need(topic, member, root.epoch(), since, null);
    }
  }

  private static long numberOf(RecordStream root, String topic) {
    return root.entries().stream()
        .filter(entry -> entry.key().equals(topic))
        .mapToLong(Entry::number)
        .findFirst()
        .orElse(0);
  }

  // Hashes of what is shared.

  private void summary(Summary summary) {
    Peer peer = node.members().peer(summary.from());
    if (peer == null
        || !peer.lives()
        || peer == node.members().self()
        || doubts.size() >= MAX_DOUBTS
        || sync.compared(summary.from(), COMPARE_NANOS)
        || summary.hash() == hash(summary.from())
        || !doubts.add(summary.from())) {
      return;
    }
    // What is on its way just now is no reason to compare.
    long wait = SECOND_NANOS / 2 + node.random().nextLong(SECOND_NANOS / 2);
    node.timers()
        .after(
            wait,
            () -> {
              doubts.remove(summary.from());
              if (peer.lives() && node.running()) {
                sync.compare(peer);
              }
            });
  }

  private long hash(String member) {
    long hash = 0;
    for (Digest digest : table.digests(sync.sharedWith(member), sync::known)) {
      long place = 31L * digest.topic().hashCode() + digest.owner().hashCode();
      long state = RecordStream.mix(digest.epoch() * 31 + digest.upTo()) ^ digest.hash();
      hash ^= RecordStream.mix(RecordStream.mix(place) + state);
    }
    return hash;
  }

  // To packets.

  @Override
  public Set<Peer> audience() {
    return news.audience();
  }

  @Override
  public void fill(Peer peer, int room, int maxMessages, List<byte[]> messages) {
    int told = timing.retransmits(node.members().living());
    int left = news.fill(peer, room, told, maxMessages, messages);
    long now = node.timers().nanos();
    if (!messages.isEmpty()
        && messages.size() < maxMessages
        && left >= SUMMARY_BYTES
        && summarised.putIfAbsent(peer.name(), now) == null) {
      String self = node.members().self().name();
      Summary summary = new Summary(self, hash(peer.name()));
      messages.add(GossipNode.packetMessage(RecordCodec.encode(summary)));
    }
  }

  // Streams.

  @Override
  public Bytes state() {
    return RecordCodec.encode(sync.digests(List.copyOf(table.topics())));
  }

  @Override
  public void merge(Bytes state) {
    try {
      if (RecordCodec.decode(state) instanceof Digests digests) {
        compare(digests);
      }
    } catch (WireException e) {
      count(GossipCounter.BAD_PAYLOADS);
    }
  }

  private void compare(Digests theirs) {
    sync.compare(theirs);
    theirs.topics().forEach(fresh::remove);
  }

  @Override
  public @Nullable Bytes request(Bytes payload) {
    try {
      return switch (RecordCodec.decode(payload)) {
        case Digests digests -> {
          Digests ours = sync.digests(digests.topics());
          compare(digests);
          yield RecordCodec.encode(ours);
        }
        case Pull pull -> RecordCodec.encode(answer(pull));
        case Delta delta -> null;
        case Snapshots snapshots -> null;
        case Summary summary -> null;
      };
    } catch (WireException e) {
      count(GossipCounter.BAD_PAYLOADS);
      return null;
    }
  }

  private Snapshots answer(Pull pull) {
    List<Snapshot> snapshots = new ArrayList<>();
    long bytes = 0;
    for (Want want : pull.wants()) {
      RecordStream stream = table.stream(want.topic(), want.owner());
      if (stream == null || stream.upTo() == RecordStream.UNKNOWN || bytes > ANSWER_BYTES) {
        continue;
      }
      Snapshot snapshot = stream.snapshot(want.epoch(), want.since());
      for (Entry entry : snapshot.entries()) {
        Bytes value = entry.value();
        bytes += entry.key().length() + 8L + (value == null ? 0 : value.length());
      }
      snapshots.add(snapshot);
    }
    return new Snapshots(snapshots);
  }

  private void snapshot(Snapshot snapshot) {
    if (snapshot.owner().equals(node.members().self().name())
        || !table.follows(snapshot.topic())
        || !sync.known(snapshot.owner())) {
      return;
    }
    RecordStream stream =
        table.stream(snapshot.topic(), snapshot.owner(), snapshot.epoch(), RecordStream.UNKNOWN);
    if (stream.apply(snapshot)) {
      sync.satisfied(snapshot.topic(), snapshot.owner());
      attached(stream);
    } else {
      sync.needAll(snapshot.topic(), snapshot.owner());
    }
  }

  // Members.

  @Override
  public void changed(Peer peer, Liveness before) {
    boolean lived = before == Liveness.ALIVE || before == Liveness.SUSPECT;
    if (peer.lives() && !lived) {
      table.show(peer.name());
      greet(peer);
    } else if (!peer.lives() && lived) {
      table.hide(peer.name());
    }
    if (peer.state() == Liveness.LEFT) {
      table.drop(peer.name());
    }
  }

  /** A few of those who were there compare at once with one who is new or is back. */
  private void greet(Peer peer) {
    boolean mine = node.random().nextInt(Math.max(1, node.members().living())) < 3;
    if (mine && GossipNode.ours(peer)) {
      node.timers()
          .after(
              node.random().nextLong(SECOND_NANOS / 2),
              () -> {
                if (node.running() && peer.lives()) {
                  sync.compare(peer);
                }
              });
    }
  }

  @Override
  public void forgotten(Peer peer) {
    table.drop(peer.name());
    sync.forget(peer.name());
  }

  // For a look from outside.

  /** What there is of an owner in a topic, whether it lives or not. */
  public Map<String, Bytes> records(String topic, String owner) {
    RecordStream stream = table.stream(topic, owner);
    return stream == null ? Map.of() : Map.copyOf(stream.view());
  }

  /** Topics that a member follows, as far as is known. */
  public Set<String> topics(String member) {
    RecordStream root = table.stream(RecordTable.ROOT, member);
    return root == null ? Set.of() : Set.copyOf(root.view().keySet());
  }

  /** Streams by topic and owner. */
  public List<StreamStatus> streams() {
    return table.streams().stream().map(RecordStream::digest).map(StreamStatus::of).toList();
  }

  /** When records were last compared with a member, by the clock of the node. */
  public Map<String, Long> compared() {
    return sync.compared();
  }

  /** Changes that wait to be told. */
  public int depth() {
    return news.depth();
  }

  /** Of this run; higher than it was given when somebody knew of a later one. */
  public long epoch() {
    return own.epoch();
  }
}
