package io.meshd.gossip.membership;

import io.meshd.gossip.spi.Timers.Timer;
import io.meshd.gossip.wire.Address;
import io.meshd.gossip.wire.Bytes;
import io.meshd.gossip.wire.Message.Versions;
import io.meshd.gossip.wire.PushPull.Liveness;
import io.meshd.gossip.wire.PushPull.NodeState;
import io.meshd.gossip.wire.Tags;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A row of the table of members, the node's own included. Changed by {@link Membership} alone. */
public final class Peer {
  final String name;
  Address address;
  Bytes meta = Bytes.EMPTY;
  Versions versions = Versions.UNKNOWN;
  long incarnation = -1;
  Liveness state = Liveness.DEAD;
  long changedAt;
  private long roundTripNanos = -1;
  @Nullable Suspicion suspicion;
  private @Nullable Map<String, String> tags;

  /** Who suspects a member, and until when it may say that it lives. */
  static final class Suspicion {
    final Set<String> by = new HashSet<>();
    final long since;
    Timer timer;

    Suspicion(String first, long since, Timer timer) {
      by.add(first);
      this.since = since;
      this.timer = timer;
    }
  }

  Peer(String name, Address address) {
    this.name = name;
    this.address = address;
  }

  public String name() {
    return name;
  }

  public Address address() {
    return address;
  }

  public Liveness state() {
    return state;
  }

  public long incarnation() {
    return incarnation;
  }

  public Versions versions() {
    return versions;
  }

  /** Alive or only suspected. */
  public boolean lives() {
    return state == Liveness.ALIVE || state == Liveness.SUSPECT;
  }

  /** When the state last changed, by the clock of the core. */
  public long changedAt() {
    return changedAt;
  }

  /** An ack came so long after its ping. */
  public void answeredAfter(long nanos) {
    roundTripNanos = nanos;
  }

  /** Of the last ping that it answered itself and in time, in nanoseconds; -1 before any. */
  public long roundTripNanos() {
    return roundTripNanos;
  }

  /** From the meta data; empty for a memberlist that is not serf's. */
  public Map<String, String> tags() {
    Map<String, String> known = tags;
    if (known == null) {
      known = Tags.decode(meta);
      tags = known;
    }
    return known;
  }

  void meta(Bytes meta) {
    if (!this.meta.equals(meta)) {
      this.meta = meta;
      tags = null;
    }
  }

  NodeState toNodeState() {
    return new NodeState(name, address.ip(), address.port(), meta, incarnation, state, versions);
  }

  @Override
  public String toString() {
    return name + " " + address + " " + state + " " + incarnation;
  }
}
