package io.meshd.gossip.protocol;

import io.meshd.gossip.membership.Membership;
import io.meshd.gossip.membership.Peer;
import io.meshd.gossip.membership.Timing;
import io.meshd.gossip.spi.Timers;
import io.meshd.gossip.spi.Timers.Timer;
import io.meshd.gossip.spi.Transport;
import io.meshd.gossip.wire.Address;
import io.meshd.gossip.wire.PushPull;
import io.meshd.gossip.wire.PushPull.Liveness;
import io.meshd.gossip.wire.Serf;
import io.meshd.gossip.wire.StreamMessage;
import io.meshd.gossip.wire.WireException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Exchanges of whole states over streams: to join, from time to time with a random member, and
 * again and again with those that should be there and are not: dead members, and seeds at whose
 * address no member lives. So the halves of a split cluster find each other when the split is over.
 */
final class Exchanges {
  private static final long TIMEOUT_NANOS = 10_000_000_000L;

  /** To one who is probably still away. */
  private static final long RECONNECT_TIMEOUT_NANOS = 2_000_000_000L;

  private final Membership members;
  private final PayloadDelegate payload;
  private final LamportTime time;
  private final Transport transport;
  private final Timers timers;
  private final Timing timing;
  private final RandomGenerator random;
  private final Supplier<Collection<Address>> seeds;
  private final Counters counters;
  private @Nullable Timer periodic;
  private @Nullable Timer reconnect;
  private boolean reconnecting;

  Exchanges(
      Membership members,
      PayloadDelegate payload,
      LamportTime time,
      Transport transport,
      Timers timers,
      Timing timing,
      RandomGenerator random,
      Supplier<Collection<Address>> seeds,
      Counters counters) {
    this.members = members;
    this.payload = payload;
    this.time = time;
    this.transport = transport;
    this.timers = timers;
    this.timing = timing;
    this.random = random;
    this.seeds = seeds;
    this.counters = counters;
  }

  /** Asks every seed at once, and goes on asking those that do not answer. */
  void start() {
    for (Address seed : missingSeeds()) {
      exchange(seed, true, TIMEOUT_NANOS, joined -> {});
    }
    long first = random.nextLong(timing.pushPullInterval().toNanos());
    periodic = timers.after(first, this::periodic);
    reconnect = timers.after(timing.reconnectInterval().toNanos(), this::reconnect);
  }

  void stop() {
    if (periodic != null) {
      periodic.cancel();
    }
    if (reconnect != null) {
      reconnect.cancel();
    }
  }

  private void periodic() {
    periodic = timers.after(timing.pushPullNanos(members.living()), this::periodic);
    for (Peer peer : members.draw().some(1, p -> p.state() == Liveness.ALIVE)) {
      exchange(peer.address(), false, TIMEOUT_NANOS, done -> {});
    }
  }

  private void reconnect() {
    long interval = timing.reconnectInterval().toNanos();
    reconnect = timers.after(interval / 2 + random.nextLong(interval), this::reconnect);
    if (reconnecting) {
      return;
    }
    List<Address> away = new ArrayList<>(missingSeeds());
    for (Peer peer : members.draw().some(1, p -> p.state() == Liveness.DEAD)) {
      away.add(peer.address());
    }
    if (!away.isEmpty()) {
      reconnecting = true;
      Address address = away.get(random.nextInt(away.size()));
      exchange(address, true, RECONNECT_TIMEOUT_NANOS, done -> reconnecting = false);
    }
  }

  private Set<Address> missingSeeds() {
    Set<Address> missing = new HashSet<>(seeds.get());
    for (Peer peer : members.peers()) {
      if (peer.lives()) {
        missing.remove(peer.address());
      }
    }
    return missing;
  }

  /** One exchange; {@code done} hears whether it went well. */
  void exchange(Address with, boolean join, long timeoutNanos, Consumer<Boolean> done) {
    transport.request(
        with,
        state(join),
        timeoutNanos,
        new Transport.Answer() {
          @Override
          public void received(StreamMessage answer) {
            boolean state = answer instanceof StreamMessage.State;
            counters.add(state ? GossipCounter.EXCHANGES : GossipCounter.EXCHANGES_FAILED);
            if (answer instanceof StreamMessage.State(PushPull theirs)) {
              merge(theirs);
            }
            done.accept(state);
          }

          @Override
          public void failed(String reason) {
            counters.add(GossipCounter.EXCHANGES_FAILED);
            done.accept(false);
          }
        });
  }

  /** The answer to another's, made before theirs is taken in. */
  StreamMessage answer(PushPull theirs) {
    StreamMessage ours = state(false);
    counters.add(GossipCounter.EXCHANGES_ANSWERED);
    merge(theirs);
    return ours;
  }

  private StreamMessage state(boolean join) {
    return new StreamMessage.State(
        new PushPull(join, members.states(), Serf.state(time.now(), payload.state())));
  }

  private void merge(PushPull theirs) {
    members.merge(theirs.nodes());
    try {
      Serf.State state = Serf.readState(theirs.userState());
      time.witness(state.time());
      if (!state.payload().isEmpty()) {
        payload.merge(state.payload());
      }
    } catch (WireException e) {
      counters.add(GossipCounter.BAD_PAYLOADS);
    }
  }
}
