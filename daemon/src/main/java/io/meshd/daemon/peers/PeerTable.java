package io.meshd.daemon.peers;

import io.meshd.daemon.peers.Payloads.Backend;
import io.meshd.daemon.peers.Payloads.Place;
import io.meshd.daemon.peers.PeerFacts.Life;
import io.meshd.daemon.peers.PeerFacts.Owned;
import io.meshd.gossip.GossipListener;
import io.meshd.gossip.Member;
import io.meshd.gossip.wire.Bytes;
import io.meshd.gossip.wire.PushPull.Liveness;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;

/**
 * From what gossip hears to facts. Written by the gossip thread, and by whoever gives up a network;
 * read by any: {@link #facts} is the newest, whole.
 */
final class PeerTable implements GossipListener {
  private final String self;
  private final Runnable changed;

  // Guarded by this.
  private final Map<Key, Place> places = new HashMap<>();
  private final Map<Key, Backend> backends = new HashMap<>();
  private final Set<Owned> complete = new HashSet<>();
  private PMap<String, Life> nodes = HashTreePMap.empty();
  private PMap<Owned, PMap<String, Presence>> told = HashTreePMap.empty();

  private final Map<String, String> rings = new ConcurrentHashMap<>();
  private final LongAdder unreadable = new LongAdder();
  private final LongAdder deaths = new LongAdder();
  private volatile PeerFacts facts = PeerFacts.NONE;

  private record Key(Owned owned, String endpoint) {}

  /**
   * @param self this node's ID
   * @param changed called on the gossip thread after each change; must be quick
   */
  PeerTable(String self, Runnable changed) {
    this.self = self;
    this.changed = changed;
  }

  PeerFacts facts() {
    return facts;
  }

  /** Records that could not be read, a newer daemon's; and how often a member was given up. */
  Map<String, Long> counters() {
    return Map.of("records_unreadable", unreadable.sum(), "members_declared_dead", deaths.sum());
  }

  /** What the node says of the keys it holds; null for nothing. */
  @Nullable String rings(String nodeId) {
    return rings.get(nodeId);
  }

  @Override
  public synchronized void member(Member member) {
    if (member.name().equals(self)) {
      return;
    }
    String held = member.tags().get(Peers.RINGS_TAG);
    if (held == null || member.state() == Liveness.LEFT) {
      rings.remove(member.name());
    } else {
      rings.put(member.name(), held);
    }
    Life life =
        switch (member.state()) {
          case ALIVE -> Life.THERE;
          case SUSPECT -> Life.SUSPECTED;
          case DEAD, LEFT -> Life.GONE;
        };
    if (nodes.get(member.name()) != life) {
      nodes = nodes.plus(member.name(), life);
      if (member.state() == Liveness.DEAD) {
        deaths.increment();
      }
      publish();
    }
    if (member.state() == Liveness.LEFT) {
      forget(member.name());
    }
  }

  /** Its next life begins with nothing. */
  private void forget(String node) {
    places.keySet().removeIf(key -> key.owned.node().equals(node));
    backends.keySet().removeIf(key -> key.owned.node().equals(node));
    complete.removeIf(owned -> owned.node().equals(node));
    for (Owned owned : Set.copyOf(told.keySet())) {
      if (owned.node().equals(node)) {
        told = told.minus(owned);
      }
    }
    publish();
  }

  /** This node follows the network no longer. */
  synchronized void forgetNetwork(String network) {
    places.keySet().removeIf(key -> key.owned.network().equals(network));
    backends.keySet().removeIf(key -> key.owned.network().equals(network));
    complete.removeIf(owned -> owned.network().equals(network));
    for (Owned owned : Set.copyOf(told.keySet())) {
      if (owned.network().equals(network)) {
        told = told.minus(owned);
      }
    }
    publish();
  }

  @Override
  public synchronized void record(String topic, String owner, String key, @Nullable Bytes value) {
    Owned owned = new Owned(owner, topic);
    if (key.startsWith(Payloads.ENDPOINT)) {
      Key endpoint = new Key(owned, key.substring(Payloads.ENDPOINT.length()));
      put(places, endpoint, value == null ? null : Payloads.place(value), value);
    } else if (key.startsWith(Payloads.BACKEND)) {
      Key endpoint = new Key(owned, key.substring(Payloads.BACKEND.length()));
      put(backends, endpoint, value == null ? null : Payloads.backend(value), value);
    } else {
      unreadable.increment();
    }
  }

  private <T> void put(Map<Key, T> into, Key key, @Nullable T read, @Nullable Bytes value) {
    if (read != null) {
      into.put(key, read);
    } else {
      into.remove(key);
      if (value != null) {
        unreadable.increment();
      }
    }
    if (complete.contains(key.owned)) {
      PMap<String, Presence> all = told.getOrDefault(key.owned, HashTreePMap.empty());
      Presence presence = presence(key);
      told =
          told.plus(
              key.owned,
              presence == null ? all.minus(key.endpoint) : all.plus(key.endpoint, presence));
      publish();
    }
  }

  private @Nullable Presence presence(Key key) {
    Place place = places.get(key);
    Backend backend = backends.getOrDefault(key, Backend.NONE);
    return place == null
        ? null
        : new Presence(place.address(), place.mac(), backend.answers(), backend.since());
  }

  @Override
  public synchronized void complete(String topic, String owner) {
    Owned owned = new Owned(owner, topic);
    if (complete.add(owned)) {
      PMap<String, Presence> all = HashTreePMap.empty();
      for (Key key : places.keySet()) {
        Presence presence = key.owned.equals(owned) ? presence(key) : null;
        if (presence != null) {
          all = all.plus(key.endpoint, presence);
        }
      }
      told = told.plus(owned, all);
      publish();
    }
  }

  /** Who follows what is gossip's own affair. */
  @Override
  public void follows(String topic, String member, boolean follows) {}

  private void publish() {
    facts = new PeerFacts(nodes, told);
    changed.run();
  }
}
