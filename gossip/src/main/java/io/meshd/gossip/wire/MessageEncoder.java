package io.meshd.gossip.wire;

import io.meshd.gossip.wire.Message.Ack;
import io.meshd.gossip.wire.Message.Alive;
import io.meshd.gossip.wire.Message.Dead;
import io.meshd.gossip.wire.Message.IndirectPing;
import io.meshd.gossip.wire.Message.Nack;
import io.meshd.gossip.wire.Message.Ping;
import io.meshd.gossip.wire.Message.Source;
import io.meshd.gossip.wire.Message.Suspect;
import io.meshd.gossip.wire.Message.User;
import io.meshd.gossip.wire.Message.Versions;

/**
 * Messages to bytes: the type, then a map whose keys are in alphabetical order, as Go's peers do.
 */
final class MessageEncoder {
  private MessageEncoder() {}

  static byte[] encode(Message message) {
    MsgpackWriter out = new MsgpackWriter();
    switch (message) {
      case Ping ping -> {
        out.octet(MessageType.PING).map(2 + entries(ping.source()));
        out.field("Node", ping.node()).field("SeqNo", ping.seqNo());
        source(out, ping.source());
      }
      case IndirectPing ping -> {
        out.octet(MessageType.INDIRECT_PING).map(5 + entries(ping.source()));
        out.field("Nack", ping.nack()).field("Node", ping.node());
        out.field("Port", ping.port()).field("SeqNo", ping.seqNo());
        source(out, ping.source());
        out.field("Target", ping.target());
      }
      case Ack ack -> {
        out.octet(MessageType.ACK).map(2);
        out.field("Payload", ack.payload()).field("SeqNo", ack.seqNo());
      }
      case Nack nack -> out.octet(MessageType.NACK).map(1).field("SeqNo", nack.seqNo());
      case Suspect suspect ->
          accusation(
              out.octet(MessageType.SUSPECT),
              suspect.from(),
              suspect.incarnation(),
              suspect.node());
      case Dead dead ->
          accusation(out.octet(MessageType.DEAD), dead.from(), dead.incarnation(), dead.node());
      case Alive alive -> {
        out.octet(MessageType.ALIVE).map(6);
        out.field("Addr", alive.address()).field("Incarnation", alive.incarnation());
        out.field("Meta", alive.meta()).field("Node", alive.node());
        out.field("Port", alive.port()).field("Vsn", bytes(alive.versions()));
      }
      case User user -> out.octet(MessageType.USER).append(user.payload().array());
    }
    return out.toByteArray();
  }

  private static int entries(Source source) {
    return (source.address().isEmpty() ? 0 : 1)
        + (source.port() == 0 ? 0 : 1)
        + (source.node().isEmpty() ? 0 : 1);
  }

  private static void source(MsgpackWriter out, Source source) {
    if (!source.address().isEmpty()) {
      out.field("SourceAddr", source.address());
    }
    if (!source.node().isEmpty()) {
      out.field("SourceNode", source.node());
    }
    if (source.port() != 0) {
      out.field("SourcePort", source.port());
    }
  }

  private static void accusation(MsgpackWriter out, String from, long incarnation, String node) {
    out.map(3).field("From", from).field("Incarnation", incarnation).field("Node", node);
  }

  static Bytes bytes(Versions versions) {
    return Bytes.of(
        (byte) versions.protocolMin(),
        (byte) versions.protocolMax(),
        (byte) versions.protocol(),
        (byte) versions.delegateMin(),
        (byte) versions.delegateMax(),
        (byte) versions.delegate());
  }
}
