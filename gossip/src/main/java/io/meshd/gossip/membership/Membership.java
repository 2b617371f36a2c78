package io.meshd.gossip.membership;

import io.meshd.gossip.membership.Peer.Suspicion;
import io.meshd.gossip.spi.Timers;
import io.meshd.gossip.wire.Address;
import io.meshd.gossip.wire.Bytes;
import io.meshd.gossip.wire.Message.Alive;
import io.meshd.gossip.wire.Message.Dead;
import io.meshd.gossip.wire.Message.Suspect;
import io.meshd.gossip.wire.Message.Versions;
import io.meshd.gossip.wire.PacketCodec;
import io.meshd.gossip.wire.PushPull.Liveness;
import io.meshd.gossip.wire.PushPull.NodeState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The table of members and the rules by which it changes (memberlist state.go).
 *
 * <pre>
 *            alive, higher incarnation
 *   +-----------------------------------------+
 *   v             suspect                     |
 * ALIVE --------------------> SUSPECT --------+
 *   ^                            | its time is over, or dead
 *   | alive, higher incarnation  v
 *   +-------------------------- DEAD      LEFT: dead, said by the member itself
 * </pre>
 *
 * <p>Only a member raises its own incarnation, and only to contradict: whoever says something of an
 * incarnation that is gone is not heard. Everything that changes the table is told on.
 */
public final class Membership {
  /** Beyond it nobody could contradict; only a forger sends it. */
  private static final long MAX_INCARNATION = 0xffff_fffeL;

  /** More members than that are nobody's cluster. */
  private static final int MAX_MEMBERS = 20_000;

  private final Timing timing;
  private final Timers timers;
  private final MembershipListener listener;
  private final BroadcastQueue news;
  private final Awareness awareness;
  private final Peer self;

  /** Sorted, so that a run of the simulator is the same each time. */
  private final Map<String, Peer> peers = new TreeMap<>();

  private final Draw draw;
  private int living = 1;
  private boolean leaving;
  private long refutations;
  private long conflicts;
  private long refused;

  /** A table with this node alone, at incarnation 1. */
  public Membership(
      String name,
      Address address,
      Bytes meta,
      Timing timing,
      Timers timers,
      RandomGenerator random,
      MembershipListener listener) {
    this.timing = timing;
    this.timers = timers;
    this.listener = listener;
    this.draw = new Draw(random);
    this.news = new BroadcastQueue(Integer.MAX_VALUE, listener::news);
    awareness = new Awareness(timing.awarenessMax());
    self = new Peer(name, address);
    self.meta(meta);
    self.versions = Versions.OURS;
    self.incarnation = 1;
    self.state = Liveness.ALIVE;
    self.changedAt = timers.nanos();
    peers.put(name, self);
  }

  /** Tells the others that this node is there. */
  public void announce() {
    broadcastAlive(self);
  }

  /** New meta data of this node, and a new incarnation to say so. */
  public void announce(Bytes meta) {
    self.meta(meta);
    self.incarnation++;
    broadcastAlive(self);
  }

  /** From now on what is said of this node is not contradicted. */
  public void leave() {
    leaving = true;
  }

  /**
   * Tells the others that this node goes.
   *
   * @param told called when it has been told often enough
   */
  public void tellDeparture(Runnable told) {
    news.add(
        self.name,
        PacketCodec.encode(new Dead(self.incarnation, self.name, self.name)),
        true,
        told);
    become(self, Liveness.LEFT);
  }

  public void alive(Alive alive) {
    if (alive.incarnation() > MAX_INCARNATION
        || alive.address().isEmpty()
        || alive.node().isEmpty()) {
      refused++;
      return;
    }
    if (alive.node().equals(self.name)) {
      aliveSelf(alive);
      return;
    }
    if (!alive.versions().acceptable()) {
      // One member with such versions makes every exchange of states in the cluster fail.
      refused++;
      return;
    }
    Address address = new Address(alive.address(), alive.port());
    Peer peer = peers.get(alive.node());
    Liveness before = Liveness.LEFT;
    if (peer == null) {
      if (peers.size() >= MAX_MEMBERS) {
        refused++;
        return;
      }
      peer = new Peer(alive.node(), address);
      peer.state = Liveness.LEFT;
      peers.put(alive.node(), peer);
      draw.add(peer);
    } else {
      before = peer.state;
      boolean moved = !peer.address.equals(address);
      if (moved && peer.lives()) {
        conflicts++;
        return;
      }
      if (!moved && alive.incarnation() <= peer.incarnation) {
        return;
      }
      if (moved && alive.incarnation() < peer.incarnation) {
        return;
      }
    }
    endSuspicion(peer);
    peer.address = address;
    peer.meta(alive.meta());
    peer.versions = alive.versions();
    peer.incarnation = alive.incarnation();
    news.add(peer.name, PacketCodec.encode(alive), false);
    if (peer.state != Liveness.ALIVE) {
      become(peer, Liveness.ALIVE);
    }
    listener.changed(peer, before);
  }

  private void aliveSelf(Alive alive) {
    boolean same =
        alive.incarnation() == self.incarnation
            && alive.meta().equals(self.meta)
            && alive.versions().equals(self.versions);
    if (alive.incarnation() >= self.incarnation && !same) {
      refute(alive.incarnation());
    }
  }

  public void suspect(Suspect suspect) {
    Peer peer = peers.get(suspect.node());
    if (peer == null
        || suspect.incarnation() < peer.incarnation
        || suspect.incarnation() > MAX_INCARNATION) {
      return;
    }
    if (peer == self) {
      refute(suspect.incarnation());
      return;
    }
    Suspicion suspicion = peer.suspicion;
    if (suspicion != null) {
      confirm(peer, suspicion, suspect);
      return;
    }
    if (peer.state != Liveness.ALIVE) {
      return;
    }
    peer.incarnation = suspect.incarnation();
    news.add(peer.name, PacketCodec.encode(suspect), suspect.from().equals(self.name));
    become(peer, Liveness.SUSPECT);
    peer.suspicion =
        new Suspicion(
            suspect.from(), timers.nanos(), condemnAfter(peer, timing.suspicion(0, living)));
    listener.changed(peer, Liveness.ALIVE);
  }

  private void confirm(Peer peer, Suspicion suspicion, Suspect suspect) {
    if (suspicion.by.size() > timing.confirmationsWanted(living)
        || !suspicion.by.add(suspect.from())) {
      return;
    }
    // Told on, so that others get to the least time as well.
    news.add(peer.name, PacketCodec.encode(suspect), false);
    long whole = timing.suspicion(suspicion.by.size() - 1, living);
    suspicion.timer.cancel();
    long left = whole - (timers.nanos() - suspicion.since);
    suspicion.timer = condemnAfter(peer, Math.max(0, left));
  }

  private Timers.Timer condemnAfter(Peer peer, long nanos) {
    return timers.after(
        nanos,
        () -> {
          if (peer.state == Liveness.SUSPECT) {
            dead(new Dead(peer.incarnation, peer.name, self.name));
          }
        });
  }

  public void dead(Dead dead) {
    Peer peer = peers.get(dead.node());
    if (peer == null
        || dead.incarnation() < peer.incarnation
        || dead.incarnation() > MAX_INCARNATION) {
      return;
    }
    if (peer == self) {
      refute(dead.incarnation());
      return;
    }
    if (!peer.lives()) {
      return;
    }
    endSuspicion(peer);
    Liveness before = peer.state;
    peer.incarnation = dead.incarnation();
    news.add(peer.name, PacketCodec.encode(dead), dead.from().equals(self.name));
    become(peer, dead.left() ? Liveness.LEFT : Liveness.DEAD);
    listener.changed(peer, before);
  }

  private void refute(long accused) {
    if (leaving) {
      return;
    }
    self.incarnation = Math.max(self.incarnation, accused) + 1;
    refutations++;
    awareness.add(1);
    broadcastAlive(self);
  }

  private void broadcastAlive(Peer peer) {
    news.add(
        peer.name,
        PacketCodec.encode(
            new Alive(
                peer.incarnation,
                peer.name,
                peer.address.ip(),
                peer.address.port(),
                peer.meta,
                peer.versions)),
        true);
  }

  private void endSuspicion(Peer peer) {
    if (peer.suspicion != null) {
      peer.suspicion.timer.cancel();
      peer.suspicion = null;
    }
  }

  private void become(Peer peer, Liveness state) {
    boolean lived = peer.lives();
    peer.state = state;
    peer.changedAt = timers.nanos();
    living += (peer.lives() ? 1 : 0) - (lived ? 1 : 0);
  }

  /** What another node knows. Its dead are only suspects to us: they may be alive on our side. */
  public void merge(List<NodeState> states) {
    for (NodeState state : states) {
      switch (state.state()) {
        case ALIVE ->
            alive(
                new Alive(
                    state.incarnation(),
                    state.name(),
                    state.address(),
                    state.port(),
                    state.meta(),
                    state.versions()));
        case LEFT -> dead(new Dead(state.incarnation(), state.name(), state.name()));
        case SUSPECT, DEAD -> suspect(new Suspect(state.incarnation(), state.name(), self.name));
      }
    }
  }

  /** Living members that were known before, taken over without telling anybody. */
  public void restore(List<NodeState> states) {
    for (NodeState state : states) {
      if (!peers.containsKey(state.name())) {
        Peer peer = new Peer(state.name(), new Address(state.address(), state.port()));
        peer.meta(state.meta());
        peer.versions = state.versions();
        peer.incarnation = state.incarnation();
        peer.state = Liveness.LEFT;
        peers.put(peer.name, peer);
        draw.add(peer);
        become(peer, Liveness.ALIVE);
        listener.changed(peer, Liveness.LEFT);
      }
    }
  }

  /** Drops the dead and departed whose time is over. */
  public void forget() {
    long now = timers.nanos();
    List<Peer> gone = new ArrayList<>();
    for (Peer peer : peers.values()) {
      long keep =
          switch (peer.state) {
            case ALIVE, SUSPECT -> Long.MAX_VALUE;
            case DEAD -> timing.forgetAfter().toNanos();
            case LEFT -> timing.forgetLeftAfter().toNanos();
          };
      if (peer != self && now - peer.changedAt > keep) {
        gone.add(peer);
      }
    }
    for (Peer peer : gone) {
      peers.remove(peer.name);
      draw.remove(peer);
      listener.forgotten(peer);
    }
  }

  public List<NodeState> states() {
    return peers.values().stream().map(Peer::toNodeState).toList();
  }

  public Peer self() {
    return self;
  }

  public @Nullable Peer peer(String name) {
    return peers.get(name);
  }

  /** All rows, this node's own too, by name. */
  public Iterable<Peer> peers() {
    return peers.values();
  }

  /** Random others, and whose turn it is to be probed. */
  public Draw draw() {
    return draw;
  }

  /** Members that live or are suspected, this node too. */
  public int living() {
    return living;
  }

  public BroadcastQueue news() {
    return news;
  }

  public Awareness awareness() {
    return awareness;
  }

  /** How often this node had to say that it lives. */
  public long refutations() {
    return refutations;
  }

  /** How often a living member's name came with another address. */
  public long conflicts() {
    return conflicts;
  }

  /** Messages that no honest member sends. */
  public long refused() {
    return refused;
  }
}
