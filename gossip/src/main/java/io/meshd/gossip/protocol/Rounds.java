package io.meshd.gossip.protocol;

import io.meshd.gossip.membership.Membership;
import io.meshd.gossip.membership.Peer;
import io.meshd.gossip.membership.Timing;
import io.meshd.gossip.spi.Timers;
import io.meshd.gossip.spi.Timers.Timer;
import io.meshd.gossip.wire.PushPull.Liveness;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Rounds of gossip: regular ones tell what is not told often enough yet, and where there is
 * something new a round comes at once, not only when the next regular one is due. So news runs
 * through a cluster in milliseconds, and the regular rounds are there for what was lost. A piece of
 * news is told no more often for that.
 */
final class Rounds {
  /** News that comes together goes together. */
  private static final long GATHER_NANOS = 5_000_000;

  /** Between two rounds that are not regular. */
  private static final long GAP_NANOS = 40_000_000;

  private final Membership members;
  private final PayloadDelegate payload;
  private final PacketSender packets;
  private final Timers timers;
  private final Timing timing;
  private long lastQuick;
  private @Nullable Timer quick;
  private @Nullable Timer regular;

  Rounds(
      Membership members,
      PayloadDelegate payload,
      PacketSender packets,
      Timers timers,
      Timing timing) {
    this.members = members;
    this.payload = payload;
    this.packets = packets;
    this.timers = timers;
    this.timing = timing;
    lastQuick = timers.nanos() - GAP_NANOS;
  }

  void start(RandomGenerator random) {
    long interval = timing.gossipInterval().toNanos();
    regular = timers.after(random.nextLong(interval), this::regular);
  }

  void stop() {
    if (regular != null) {
      regular.cancel();
      regular = null;
    }
    if (quick != null) {
      quick.cancel();
      quick = null;
    }
  }

  /** There is something new to tell. */
  void wake() {
    if (quick == null && regular != null) {
      long due = lastQuick + GAP_NANOS - timers.nanos();
      quick = timers.after(Math.max(GATHER_NANOS, due), this::quick);
    }
  }

  private void quick() {
    quick = null;
    lastQuick = timers.nanos();
    round();
  }

  private void regular() {
    regular = timers.after(timing.gossipInterval().toNanos(), this::regular);
    round();
  }

  private void round() {
    Set<Peer> audience = new LinkedHashSet<>();
    if (!members.news().isEmpty()) {
      audience.addAll(members.draw().some(timing.gossipFanout(), this::mayHear));
    }
    audience.addAll(payload.audience());
    for (Peer peer : audience) {
      packets.send(peer);
    }
  }

  private boolean mayHear(Peer peer) {
    return peer.lives()
        || (peer.state() == Liveness.DEAD
            && timers.nanos() - peer.changedAt() < timing.gossipToTheDead().toNanos());
  }
}
