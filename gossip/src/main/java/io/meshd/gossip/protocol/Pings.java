package io.meshd.gossip.protocol;

import io.meshd.gossip.membership.Membership;
import io.meshd.gossip.membership.Peer;
import io.meshd.gossip.membership.Timing;
import io.meshd.gossip.spi.Timers;
import io.meshd.gossip.spi.Timers.Timer;
import io.meshd.gossip.wire.Address;
import io.meshd.gossip.wire.Bytes;
import io.meshd.gossip.wire.Message.Ack;
import io.meshd.gossip.wire.Message.IndirectPing;
import io.meshd.gossip.wire.Message.Nack;
import io.meshd.gossip.wire.Message.Ping;
import io.meshd.gossip.wire.Message.Source;
import io.meshd.gossip.wire.PacketCodec;
import io.meshd.gossip.wire.StreamMessage;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Pings that wait for their acks, and answers to those of others. A ping on behalf of another is
 * answered there by its ack, or by a nack when the time for it is over: then the asker knows that
 * at least we are well.
 */
final class Pings {
  private static final int MAX_RELAYED = 1024;

  private final Membership members;
  private final PacketSender packets;
  private final Timers timers;
  private final Timing timing;
  private final Counters counters;
  private final Map<Long, Waiting> waiting = new HashMap<>();
  private int relayed;
  private long nextSeqNo;

  /** Somebody waits for what becomes of a ping. */
  interface Waiting {
    void ack();

    void nack();
  }

  Pings(
      Membership members,
      PacketSender packets,
      Timers timers,
      Timing timing,
      Counters counters,
      long firstSeqNo) {
    this.members = members;
    this.packets = packets;
    this.timers = timers;
    this.timing = timing;
    this.counters = counters;
    this.nextSeqNo = firstSeqNo;
  }

  /** A number of which {@code waiting} will hear, until {@link #forget}. */
  long open(Waiting waiting) {
    long seqNo = nextSeqNo++ & 0xffff_ffffL;
    this.waiting.put(seqNo, waiting);
    return seqNo;
  }

  void forget(long seqNo) {
    waiting.remove(seqNo);
  }

  Ping ping(long seqNo, String node) {
    return new Ping(seqNo, node, source());
  }

  Source source() {
    Peer self = members.self();
    return new Source(self.address().ip(), self.address().port(), self.name());
  }

  void received(Ack ack) {
    Waiting waiter = waiting.get(ack.seqNo());
    if (waiter != null) {
      waiter.ack();
    }
  }

  void received(Nack nack) {
    Waiting waiter = waiting.get(nack.seqNo());
    if (waiter != null) {
      waiter.nack();
    }
  }

  void received(Ping ping, Address from) {
    if (meant(ping)) {
      answer(from, ping.source(), PacketCodec.encode(new Ack(ping.seqNo(), Bytes.EMPTY)));
    }
  }

  /** The same over a stream. */
  @Nullable StreamMessage answer(Ping ping) {
    return meant(ping) ? new StreamMessage.Probe(new Ack(ping.seqNo(), Bytes.EMPTY)) : null;
  }

  private boolean meant(Ping ping) {
    if (ping.node().isEmpty() || ping.node().equals(members.self().name())) {
      return true;
    }
    counters.add(GossipCounter.PINGS_FOR_ANOTHER_NAME);
    return false;
  }

  void received(IndirectPing request, Address from) {
    if (relayed >= MAX_RELAYED || request.target().isEmpty()) {
      counters.add(GossipCounter.RELAYED_PINGS_REFUSED);
      return;
    }
    relayed++;
    new Relay(request, from);
  }

  private final class Relay implements Waiting {
    private final IndirectPing request;
    private final Address from;
    private final long seqNo;
    private final Timer timeout;

    Relay(IndirectPing request, Address from) {
      this.request = request;
      this.from = from;
      seqNo = open(this);
      timeout = timers.after(timing.probeTimeout().toNanos(), this::silent);
      byte[] ping = PacketCodec.encode(ping(seqNo, request.node()));
      Address target = new Address(request.target(), request.port());
      Peer peer = members.peer(request.node());
      if (peer != null && peer.address().equals(target)) {
        packets.send(peer, ping);
      } else {
        packets.send(target, ping);
      }
    }

    @Override
    public void ack() {
      timeout.cancel();
      end();
      answer(from, request.source(), PacketCodec.encode(new Ack(request.seqNo(), Bytes.EMPTY)));
    }

    @Override
    public void nack() {}

    private void silent() {
      end();
      if (request.nack()) {
        answer(from, request.source(), PacketCodec.encode(new Nack(request.seqNo())));
      }
    }

    private void end() {
      forget(seqNo);
      relayed--;
    }
  }

  private void answer(Address from, Source source, byte[] message) {
    Address to =
        source.address().isEmpty() || source.port() == 0
            ? from
            : new Address(source.address(), source.port());
    Peer peer = members.peer(source.node());
    if (peer != null && peer.address().equals(to)) {
      packets.send(peer, message);
    } else {
      packets.send(to, message);
    }
  }
}
