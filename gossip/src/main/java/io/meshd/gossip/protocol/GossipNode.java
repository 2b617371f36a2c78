package io.meshd.gossip.protocol;

import io.meshd.gossip.membership.Membership;
import io.meshd.gossip.membership.MembershipListener;
import io.meshd.gossip.membership.Peer;
import io.meshd.gossip.membership.Timing;
import io.meshd.gossip.spi.Receiver;
import io.meshd.gossip.spi.Timers;
import io.meshd.gossip.spi.Transport;
import io.meshd.gossip.wire.Address;
import io.meshd.gossip.wire.Bytes;
import io.meshd.gossip.wire.Message;
import io.meshd.gossip.wire.PacketCodec;
import io.meshd.gossip.wire.PushPull.Liveness;
import io.meshd.gossip.wire.Serf;
import io.meshd.gossip.wire.StreamMessage;
import io.meshd.gossip.wire.WireException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One member of a cluster: all of the protocol, without sockets, threads and clocks. Everything is
 * called on one thread, that of the timers and the transport.
 */
public final class GossipNode implements Receiver {
  private static final long LEAVE_STEP_NANOS = 2_000_000_000L;
  private static final long ASK_NANOS = 10_000_000_000L;

  private final Membership members;
  private final PayloadDelegate payload;
  private final Rounds rounds;
  private final PacketSender packets;
  private final Pings pings;
  private final Prober prober;
  private final Exchanges exchanges;
  private final LamportTime time = new LamportTime();
  private final Timers timers;
  private final Transport transport;
  private final RandomGenerator random;
  private final Counters counters;
  private boolean running;

  /**
   * A member that is not started.
   *
   * @param seeds addresses at which members should be; asked again and again
   * @param payload makes the layer above, when the table of members stands
   */
  public GossipNode(
      NodeConfig config,
      Timers timers,
      Transport transport,
      RandomGenerator random,
      Supplier<Collection<Address>> seeds,
      Counters counters,
      Function<GossipNode, PayloadDelegate> payload) {
    Timing timing = config.timing();
    this.timers = timers;
    this.transport = transport;
    this.random = random;
    this.counters = counters;
    members =
        new Membership(
            config.name(),
            config.advertised(),
            config.meta(),
            timing,
            timers,
            random,
            new Events());
    this.payload = payload.apply(this);
    packets = new PacketSender(members, this.payload, transport, timing, counters);
    rounds = new Rounds(members, this.payload, packets, timers, timing);
    pings = new Pings(members, packets, timers, timing, counters, random.nextLong(1L << 32));
    prober = new Prober(members, pings, packets, transport, timers, timing, counters);
    exchanges =
        new Exchanges(
            members, this.payload, time, transport, timers, timing, random, seeds, counters);
  }

  private final class Events implements MembershipListener {
    @Override
    public void changed(Peer peer, Liveness before) {
      payload.changed(peer, before);
    }

    @Override
    public void forgotten(Peer peer) {
      payload.forgotten(peer);
    }

    @Override
    public void news() {
      wake();
    }
  }

  /** Joins. */
  public void start() {
    running = true;
    prober.start(random);
    rounds.start(random);
    exchanges.start();
    members.announce();
    payload.start();
  }

  /** Whether it was started and is not stopped. */
  public boolean running() {
    return running;
  }

  /** Tells the layer above's news in a round that comes at once. */
  public void wake() {
    if (running) {
      rounds.wake();
    }
  }

  /** New tags of this node, told to all. */
  public void retag(Map<String, String> tags) {
    members.announce(NodeConfig.meta(tags));
  }

  /** An exchange of states with a member, now: it knows members that this node does not. */
  public void exchange(Peer with) {
    exchanges.exchange(with.address(), false, ASK_NANOS, done -> {});
  }

  /**
   * Asks the layer above of another member of ours, over a stream.
   *
   * @param answer null when there is none in ten seconds
   */
  public void ask(Peer other, Bytes request, Consumer<@Nullable Bytes> answer) {
    transport.request(
        other.address(),
        new StreamMessage.User(Serf.message(request)),
        ASK_NANOS,
        new Transport.Answer() {
          @Override
          public void received(StreamMessage reply) {
            answer.accept(
                reply instanceof StreamMessage.User user ? Serf.readMessage(user.payload()) : null);
          }

          @Override
          public void failed(String reason) {
            answer.accept(null);
          }
        });
  }

  /**
   * Asks a member directly, by packet and by stream at once.
   *
   * @param done told what was answered, at the latest when the time is over
   */
  public void reach(String member, long timeoutNanos, Consumer<Reach> done) {
    Peer peer = members.peer(member);
    if (peer == null) {
      done.accept(new Reach(false, false));
    } else {
      new DirectPing(pings, packets, transport, timers, done).to(peer, timeoutNanos);
    }
  }

  /** A message of the layer above as it stands in a packet. */
  public static byte[] packetMessage(Bytes payload) {
    return PacketCodec.encode(new Message.User(Serf.message(payload)));
  }

  /**
   * Tells the others that this node goes, and stops it.
   *
   * @param done called when they were told, or when that took too long
   */
  public void leave(Runnable done) {
    members.leave();
    Once departure = new Once(() -> depart(done));
    Bytes intent = Serf.leaveIntent(time.next(), members.self().name());
    members
        .news()
        .add("leave intent", PacketCodec.encode(new Message.User(intent)), true, departure);
    after(departure);
  }

  private void depart(Runnable done) {
    Once end =
        new Once(
            () -> {
              stop();
              done.run();
            });
    members.tellDeparture(end);
    after(end);
  }

  private void after(Once step) {
    boolean alone = members.draw().some(1, Peer::lives).isEmpty();
    timers.after(alone ? 0 : LEAVE_STEP_NANOS, step);
  }

  /** Of two ways to the next step the first counts; never inside the sending of a packet. */
  private final class Once implements Runnable {
    private final Runnable step;
    private boolean ran;

    Once(Runnable step) {
      this.step = step;
    }

    @Override
    public void run() {
      if (!ran) {
        ran = true;
        timers.after(0, step);
      }
    }
  }

  /** Falls silent, as in a crash. */
  public void stop() {
    running = false;
    prober.stop();
    rounds.stop();
    exchanges.stop();
  }

  @Override
  public void packet(Address from, List<Message> messages) {
    if (!running) {
      return;
    }
    counters.add(GossipCounter.PACKETS_RECEIVED);
    for (Message message : messages) {
      switch (message) {
        case Message.Ping ping -> pings.received(ping, from);
        case Message.IndirectPing ping -> pings.received(ping, from);
        case Message.Ack ack -> pings.received(ack);
        case Message.Nack nack -> pings.received(nack);
        case Message.Suspect suspect -> members.suspect(suspect);
        case Message.Alive alive -> members.alive(alive);
        case Message.Dead dead -> members.dead(dead);
        case Message.User user -> user(user.payload());
      }
    }
  }

  private void user(Bytes message) {
    Bytes ours = Serf.readMessage(message);
    if (ours != null) {
      payload.message(ours);
      return;
    }
    counters.add(GossipCounter.FOREIGN_MESSAGES);
    try {
      time.witness(Serf.intentTime(message));
    } catch (WireException e) {
      counters.add(GossipCounter.BAD_PAYLOADS);
    }
  }

  @Override
  public @Nullable StreamMessage stream(StreamMessage request) {
    if (!running) {
      return null;
    }
    return switch (request) {
      case StreamMessage.State state -> exchanges.answer(state.pushPull());
      case StreamMessage.Probe(Message.Ping ping) -> pings.answer(ping);
      case StreamMessage.User user -> answer(user.payload());
      case StreamMessage.Probe probe -> null;
      case StreamMessage.Failure failure -> null;
    };
  }

  private @Nullable StreamMessage answer(Bytes request) {
    Bytes ours = Serf.readMessage(request);
    if (ours == null) {
      user(request);
      return null;
    }
    Bytes answer = payload.request(ours);
    return answer == null ? null : new StreamMessage.User(Serf.message(answer));
  }

  public Timers timers() {
    return timers;
  }

  public RandomGenerator random() {
    return random;
  }

  public Membership members() {
    return members;
  }

  public Counters counters() {
    return counters;
  }

  /** Whether a member understands more than membership. */
  public static boolean ours(Peer peer) {
    return PacketSender.ours(peer);
  }
}
