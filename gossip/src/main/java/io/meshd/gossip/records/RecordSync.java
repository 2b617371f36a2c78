package io.meshd.gossip.records;

import io.meshd.gossip.membership.Peer;
import io.meshd.gossip.protocol.GossipCounter;
import io.meshd.gossip.protocol.GossipNode;
import io.meshd.gossip.records.RecordMessage.Digest;
import io.meshd.gossip.records.RecordMessage.Digests;
import io.meshd.gossip.records.RecordMessage.Pull;
import io.meshd.gossip.records.RecordMessage.Snapshot;
import io.meshd.gossip.records.RecordMessage.Snapshots;
import io.meshd.gossip.records.RecordMessage.Want;
import io.meshd.gossip.wire.Bytes;
import io.meshd.gossip.wire.PushPull.Liveness;
import io.meshd.gossip.wire.WireException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Fetches over streams what gossip did not bring. What is missing is noted as a need; needs are
 * served in the background by asking somebody who has it, the owner first, one request per member
 * and a few at once, so that a member that does not answer delays nothing but its own request.
 */
final class RecordSync {
  /** A packet that only overtook another needs no pull. */
  private static final long PATIENCE_NANOS = 50_000_000;

  private static final long RETRY_NANOS = 500_000_000;
  private static final long INTRODUCE_NANOS = 5_000_000_000L;
  private static final int MAX_REQUESTS = 16;
  private static final int MAX_ATTEMPTS = 5;
  private static final int MAX_WANTS = 1024;

  private final GossipNode node;
  private final RecordTable table;
  private final Consumer<Snapshot> received;
  private final Consumer<Digest> ofOurs;
  private final Map<Place, Need> needs = new LinkedHashMap<>();
  private final Set<String> asked = new HashSet<>();

  /** When states were last compared, by member. */
  private final Map<String, Long> compared = new TreeMap<>();

  private boolean scheduled;

  /** When states were last exchanged because of strangers. */
  private @Nullable Long introduced;

  private record Place(String topic, String owner) {}

  private static final class Need {
    private long epoch;
    private long number;
    private boolean all;
    private @Nullable String source;
    private int attempts;

    boolean met(@Nullable RecordStream stream) {
      return stream != null
          && !all
          && (stream.epoch() > epoch || (stream.epoch() == epoch && stream.upTo() >= number));
    }
  }

  /**
   * Nothing is needed.
   *
   * @param received takes a snapshot in
   * @param ofOurs hears of digests of this node's own records
   */
  RecordSync(
      GossipNode node, RecordTable table, Consumer<Snapshot> received, Consumer<Digest> ofOurs) {
    this.node = node;
    this.table = table;
    this.received = received;
    this.ofOurs = ofOurs;
  }

  /**
   * Something is missing up to a number.
   *
   * @param source who has it; null when only the owner surely has
   */
  void need(String topic, String owner, long epoch, long number, @Nullable String source) {
    Need need = needs.computeIfAbsent(new Place(topic, owner), place -> new Need());
    if (epoch > need.epoch) {
      need.epoch = epoch;
      need.number = number;
    } else if (epoch == need.epoch) {
      need.number = Math.max(need.number, number);
    }
    if (source != null) {
      need.source = source;
    }
    schedule(PATIENCE_NANOS);
  }

  private void schedule(long nanos) {
    if (!scheduled) {
      scheduled = true;
      node.timers().after(nanos, this::due);
    }
  }

  private void due() {
    scheduled = false;
    serve();
  }

  private void serve() {
    Map<Peer, List<Want>> requests = new LinkedHashMap<>();
    List<Place> done = new ArrayList<>();
    for (Map.Entry<Place, Need> entry : needs.entrySet()) {
      Place place = entry.getKey();
      Need need = entry.getValue();
      RecordStream stream = table.stream(place.topic(), place.owner());
      if (!table.follows(place.topic()) || need.met(stream) || need.attempts >= MAX_ATTEMPTS) {
        done.add(place);
        continue;
      }
      boolean full = asked.size() + requests.size() >= MAX_REQUESTS;
      if (full && requests.isEmpty()) {
        break; // whoever answers makes room
      }
      Peer source = source(place, need);
      if (source == null) {
        need.attempts++;
        continue;
      }
      if (asked.contains(source.name()) || (full && !requests.containsKey(source))) {
        continue;
      }
      List<Want> wants = requests.computeIfAbsent(source, s -> new ArrayList<>());
      if (wants.size() < MAX_WANTS) {
        wants.add(want(place, need.all ? null : stream));
        need.attempts++;
      }
    }
    done.forEach(needs::remove);
    requests.forEach(this::pull);
    if (!needs.isEmpty()) {
      schedule(RETRY_NANOS);
    }
  }

  private static Want want(Place place, @Nullable RecordStream stream) {
    return stream == null
        ? new Want(place.topic(), place.owner(), 0, RecordStream.UNKNOWN)
        : new Want(place.topic(), place.owner(), stream.epoch(), stream.upTo());
  }

  /** First who is known to have it, then the owner, then any who follow the topic. */
  private @Nullable Peer source(Place place, Need need) {
    if (need.attempts < 2) {
      Peer preferred = living(need.attempts == 0 ? need.source : place.owner());
      if (preferred == null) {
        preferred = living(place.owner());
      }
      if (preferred != null) {
        return preferred;
      }
    }
    List<Peer> any =
        node.members()
            .draw()
            .some(
                1,
                peer ->
                    peer.lives()
                        && GossipNode.ours(peer)
                        && table.follows(peer.name(), place.topic()));
    return any.isEmpty() ? null : any.getFirst();
  }

  private @Nullable Peer living(@Nullable String name) {
    Peer peer = name == null ? null : node.members().peer(name);
    return peer != null && peer.lives() && GossipNode.ours(peer) && peer != node.members().self()
        ? peer
        : null;
  }

  private void pull(Peer source, List<Want> wants) {
    asked.add(source.name());
    node.counters().add(GossipCounter.PULLS);
    Bytes request = RecordCodec.encode(new Pull(node.members().self().name(), wants));
    node.ask(
        source,
        request,
        answer -> {
          asked.remove(source.name());
          RecordMessage message = decoded(answer);
          if (message instanceof Snapshots(List<Snapshot> snapshots)) {
            snapshots.forEach(received);
            serve();
          } else {
            node.counters().add(GossipCounter.PULLS_FAILED);
            schedule(RETRY_NANOS);
          }
        });
  }

  private @Nullable RecordMessage decoded(@Nullable Bytes answer) {
    if (answer == null) {
      return null;
    }
    try {
      return RecordCodec.decode(answer);
    } catch (WireException e) {
      node.counters().add(GossipCounter.BAD_PAYLOADS);
      return null;
    }
  }

  /** A snapshot built on what is not here: everything is needed. */
  void needAll(String topic, String owner) {
    Need need = needs.computeIfAbsent(new Place(topic, owner), place -> new Need());
    need.all = true;
    schedule(PATIENCE_NANOS);
  }

  /** A snapshot came. */
  void satisfied(String topic, String owner) {
    Need need = needs.get(new Place(topic, owner));
    if (need != null) {
      need.all = false;
      need.attempts = 0;
    }
  }

  /** Compares with one member over a stream. */
  void compare(Peer with) {
    if (!asked.add(with.name())) {
      return;
    }
    node.ask(
        with,
        RecordCodec.encode(digests(sharedWith(with.name()))),
        answer -> {
          asked.remove(with.name());
          if (decoded(answer) instanceof Digests theirs) {
            compare(theirs);
          } else {
            node.counters().add(GossipCounter.PULLS_FAILED);
          }
        });
  }

  /** This node's digests, of those topics that it follows. */
  Digests digests(List<String> topics) {
    List<String> followed = topics.stream().filter(table::follows).toList();
    return new Digests(
        node.members().self().name(), followed, table.digests(followed, this::known));
  }

  List<String> sharedWith(String member) {
    return table.topics().stream().filter(topic -> table.follows(member, topic)).toList();
  }

  boolean known(String owner) {
    Peer peer = node.members().peer(owner);
    return peer != null && peer.state() != Liveness.LEFT;
  }

  /** What the other has and this node has not is needed from it. */
  void compare(Digests theirs) {
    compared.put(theirs.from(), node.timers().nanos());
    String self = node.members().self().name();
    boolean strangers = false;
    for (Digest digest : theirs.digests()) {
      strangers |= node.members().peer(digest.owner()) == null;
      if (!table.follows(digest.topic())) {
        continue;
      }
      if (digest.owner().equals(self)) {
        ofOurs.accept(digest);
      } else if (known(digest.owner()) && digest.upTo() != RecordStream.UNKNOWN) {
        compare(theirs.from(), digest);
      }
    }
    if (strangers) {
      introduce(living(theirs.from()));
    }
  }

  /** News of a member can miss one in a hundred thousand; who has its records knows it. */
  private void introduce(@Nullable Peer by) {
    long now = node.timers().nanos();
    if (by != null && (introduced == null || now - introduced > INTRODUCE_NANOS)) {
      introduced = now;
      node.exchange(by);
    }
  }

  private void compare(String from, Digest theirs) {
    RecordStream stream = table.stream(theirs.topic(), theirs.owner());
    Digest ours = stream == null ? null : stream.digest();
    if (ours == null
        || theirs.epoch() > ours.epoch()
        || (theirs.epoch() == ours.epoch() && theirs.upTo() > ours.upTo())) {
      need(theirs.topic(), theirs.owner(), theirs.epoch(), theirs.upTo(), from);
    } else if (theirs.epoch() == ours.epoch()
        && theirs.upTo() == ours.upTo()
        && theirs.whole()
        && ours.whole()
        && (theirs.hash() != ours.hash() || theirs.count() != ours.count())) {
      node.counters().add(GossipCounter.DIGEST_MISMATCHES);
      needAll(theirs.topic(), theirs.owner());
    }
  }

  /** Whether records were compared with the member so lately. */
  boolean compared(String member, long nanos) {
    Long at = compared.get(member);
    return at != null && node.timers().nanos() - at < nanos;
  }

  /** When records were last compared, by member, by the clock of the core. */
  Map<String, Long> compared() {
    return Map.copyOf(compared);
  }

  void forget(String member) {
    compared.remove(member);
  }
}
