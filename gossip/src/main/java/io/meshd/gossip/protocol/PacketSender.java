package io.meshd.gossip.protocol;

import io.meshd.gossip.membership.Membership;
import io.meshd.gossip.membership.Peer;
import io.meshd.gossip.membership.Timing;
import io.meshd.gossip.spi.Transport;
import io.meshd.gossip.wire.Address;
import io.meshd.gossip.wire.PacketCodec;
import java.util.ArrayList;
import java.util.List;

/**
 * Fills packets: what must be said, then news of members, then the layer above, one byte budget.
 */
final class PacketSender {
  private final Membership members;
  private final PayloadDelegate payload;
  private final Transport transport;
  private final Timing timing;
  private final Counters counters;

  PacketSender(
      Membership members,
      PayloadDelegate payload,
      Transport transport,
      Timing timing,
      Counters counters) {
    this.members = members;
    this.payload = payload;
    this.transport = transport;
    this.timing = timing;
    this.counters = counters;
  }

  /** A message alone, to one of whom nothing is known. */
  void send(Address to, byte[] message) {
    counters.add(GossipCounter.PACKETS_SENT);
    transport.send(to, List.of(message), false);
  }

  /** What must be said, and what else fits; nothing where there is nothing to say. */
  void send(Peer to, byte[]... first) {
    List<byte[]> messages = new ArrayList<>(4);
    int room = transport.room();
    for (byte[] message : first) {
      messages.add(message);
      room -= message.length + Transport.MESSAGE_OVERHEAD_BYTES;
    }
    int told = timing.retransmits(members.living());
    room = members.news().take(room, told, PacketCodec.MAX_MESSAGES, messages);
    if (ours(to)) {
      payload.fill(to, room, PacketCodec.MAX_MESSAGES, messages);
    }
    if (!messages.isEmpty()) {
      counters.add(GossipCounter.PACKETS_SENT);
      transport.send(to.address(), messages, to.versions().readsCrc());
    }
  }

  static boolean ours(Peer peer) {
    return peer.tags().containsKey(NodeConfig.OURS_TAG);
  }
}
