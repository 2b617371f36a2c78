package io.meshd.gossip.protocol;

import io.meshd.gossip.membership.Membership;
import io.meshd.gossip.membership.Peer;
import io.meshd.gossip.membership.Timing;
import io.meshd.gossip.spi.Timers;
import io.meshd.gossip.spi.Timers.Timer;
import io.meshd.gossip.spi.Transport;
import io.meshd.gossip.wire.Message.Ack;
import io.meshd.gossip.wire.Message.IndirectPing;
import io.meshd.gossip.wire.Message.Suspect;
import io.meshd.gossip.wire.PacketCodec;
import io.meshd.gossip.wire.PushPull.Liveness;
import io.meshd.gossip.wire.StreamMessage;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Probes one member after the other, one per interval.
 *
 * <pre>
 * 0 ms          ping                              ack: it lives
 * 500 ms        ping through three others, and    ack through any of them, or over the stream:
 *               over a stream                     it lives
 * 700 ms        its machine refused the stream    nobody listens there; the others had time for an
 *               and no ack: it is suspected       ack
 * 1000 ms       no ack: it is suspected           each other that did not even say that it had no
 *  x (score+1)                                    ack either counts against ourselves
 * </pre>
 */
final class Prober {
  private static final int NACKS_SINCE_PROTOCOL = 4;

  /** After a refused stream, for the acks through others. */
  private static final long REFUSED_PATIENCE_NANOS = 200_000_000;

  private final Membership members;
  private final Pings pings;
  private final PacketSender packets;
  private final Transport transport;
  private final Timers timers;
  private final Timing timing;
  private final Counters counters;
  private boolean stopped;

  Prober(
      Membership members,
      Pings pings,
      PacketSender packets,
      Transport transport,
      Timers timers,
      Timing timing,
      Counters counters) {
    this.members = members;
    this.pings = pings;
    this.packets = packets;
    this.transport = transport;
    this.timers = timers;
    this.timing = timing;
    this.counters = counters;
  }

  /** The first probe at a random moment, so that a cluster started at once does not go in step. */
  void start(RandomGenerator random) {
    timers.after(random.nextLong(timing.probeInterval().toNanos()), this::next);
  }

  void stop() {
    stopped = true;
  }

  private void next() {
    if (stopped) {
      return;
    }
    members.forget();
    Peer peer = members.draw().next();
    if (peer == null) {
      timers.after(timing.probeInterval().toNanos(), this::next);
    } else {
      counters.add(GossipCounter.PROBES);
      new Probe(peer).begin();
    }
  }

  private final class Probe implements Pings.Waiting {
    private final Peer peer;
    private final long began = timers.nanos();
    private final long incarnation;
    private boolean late;
    private long seqNo;
    private int nacksMissing;
    private boolean nacksWanted;
    private @Nullable Timer step;

    Probe(Peer peer) {
      this.peer = peer;
      this.incarnation = peer.incarnation();
    }

    void begin() {
      seqNo = pings.open(this);
      byte[] ping = PacketCodec.encode(pings.ping(seqNo, peer.name()));
      if (peer.state() == Liveness.ALIVE) {
        packets.send(peer, ping);
      } else {
        // So that a suspect hears of it from us, and can say that it lives.
        String self = members.self().name();
        Suspect suspect = new Suspect(peer.incarnation(), peer.name(), self);
        packets.send(peer, ping, PacketCodec.encode(suspect));
      }
      step = timers.after(timing.probeTimeout().toNanos(), this::askOthers);
    }

    private void askOthers() {
      late = true;
      counters.add(GossipCounter.PROBES_LATE);
      List<Peer> helpers =
          members
              .draw()
              .some(timing.indirectProbes(), p -> p != peer && p.state() == Liveness.ALIVE);
      for (Peer helper : helpers) {
        boolean nack = helper.versions().protocolMax() >= NACKS_SINCE_PROTOCOL;
        if (nack) {
          nacksWanted = true;
          nacksMissing++;
        }
        packets.send(
            helper,
            PacketCodec.encode(
                new IndirectPing(
                    seqNo,
                    peer.address().ip(),
                    peer.address().port(),
                    peer.name(),
                    nack,
                    pings.source())));
      }
      long whole = members.awareness().scale(timing.probeInterval().toNanos());
      long left = Math.max(1, whole - (timers.nanos() - began));
      step = timers.after(left, this::fail);
      transport.request(
          peer.address(),
          new StreamMessage.Probe(pings.ping(seqNo, peer.name())),
          left,
          new StreamAck());
    }

    private final class StreamAck implements Transport.Answer {
      @Override
      public void received(StreamMessage answer) {
        if (answer instanceof StreamMessage.Probe(Ack ack) && ack.seqNo() == seqNo && open()) {
          counters.add(GossipCounter.PROBES_BY_STREAM_ONLY);
          end();
        }
      }

      @Override
      public void failed(String reason) {
        // The other ways decide.
      }

      @Override
      public void refused() {
        if (step != null) {
          step.cancel();
          step = timers.after(REFUSED_PATIENCE_NANOS, Probe.this::suspect);
        }
      }
    }

    @Override
    public void ack() {
      if (open()) {
        members.awareness().add(-1);
        if (!late) { // else it may have come through others
          peer.answeredAfter(timers.nanos() - began);
        }
        end();
      }
    }

    @Override
    public void nack() {
      nacksMissing--;
    }

    private void fail() {
      members.awareness().add(nacksWanted ? Math.max(0, nacksMissing) : 1);
      suspect();
    }

    private void suspect() {
      counters.add(GossipCounter.PROBES_FAILED);
      end();
      if (peer.lives()) {
        members.suspect(new Suspect(incarnation, peer.name(), members.self().name()));
      }
    }

    private boolean open() {
      return step != null;
    }

    private void end() {
      if (step != null) {
        step.cancel();
        step = null;
      }
      pings.forget(seqNo);
      long due = began + timing.probeInterval().toNanos() - timers.nanos();
      timers.after(Math.max(0, due), Prober.this::next);
    }
  }
}
