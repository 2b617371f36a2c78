package io.meshd.gossip.protocol;

import io.meshd.gossip.membership.Peer;
import io.meshd.gossip.spi.Timers;
import io.meshd.gossip.spi.Timers.Timer;
import io.meshd.gossip.spi.Transport;
import io.meshd.gossip.wire.Message.Ack;
import io.meshd.gossip.wire.PacketCodec;
import io.meshd.gossip.wire.StreamMessage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A ping by packet and one by stream, for whoever wants to know which of both ways are open. It is
 * nobody's probe: the member is neither suspected nor cleared by it, and no other member helps.
 */
final class DirectPing implements Pings.Waiting, Transport.Answer {
  private final Pings pings;
  private final PacketSender packets;
  private final Transport transport;
  private final Timers timers;
  private final Consumer<Reach> done;
  private long seqNo;
  private boolean byPacket;
  private boolean byStream;
  private boolean streamOver;
  private @Nullable Timer limit;

  DirectPing(
      Pings pings, PacketSender packets, Transport transport, Timers timers, Consumer<Reach> done) {
    this.pings = pings;
    this.packets = packets;
    this.transport = transport;
    this.timers = timers;
    this.done = done;
  }

  void to(Peer peer, long timeoutNanos) {
    seqNo = pings.open(this);
    limit = timers.after(timeoutNanos, this::end);
    packets.send(peer, PacketCodec.encode(pings.ping(seqNo, peer.name())));
    transport.request(
        peer.address(),
        new StreamMessage.Probe(pings.ping(seqNo, peer.name())),
        timeoutNanos,
        this);
  }

  @Override
  public void ack() {
    byPacket = true;
    endIfBoth();
  }

  @Override
  public void nack() {}

  @Override
  public void received(StreamMessage answer) {
    byStream = answer instanceof StreamMessage.Probe(Ack ack) && ack.seqNo() == seqNo;
    streamOver = true;
    endIfBoth();
  }

  @Override
  public void failed(String reason) {
    streamOver = true;
    endIfBoth();
  }

  private void endIfBoth() {
    if (byPacket && streamOver) {
      end();
    }
  }

  private void end() {
    if (limit != null) {
      limit.cancel();
      limit = null;
      pings.forget(seqNo);
      done.accept(new Reach(byPacket, byStream));
    }
  }
}
