package io.meshd.gossip.wire;

import io.meshd.gossip.wire.Message.Source;
import io.meshd.gossip.wire.Message.Versions;
import io.meshd.gossip.wire.PushPull.Liveness;
import io.meshd.gossip.wire.PushPull.NodeState;
import io.meshd.gossip.wire.WireException.Reason;
import java.io.IOException;

/**
 * The map after a message's type, keys in any order. A key that is missing leaves its zero; an
 * unknown one is stepped over, which is how the protocol grows.
 */
final class MessageDecoder {
  private static final long MAX_UINT32 = 0xffff_ffffL;
  private static final int MAX_META_BYTES = 512;

  private long seqNo;
  private long incarnation;
  private String node = "";
  private String from = "";
  private Bytes address = Bytes.EMPTY;
  private Bytes target = Bytes.EMPTY;
  private int port;
  private boolean nack;
  private Bytes payload = Bytes.EMPTY;
  private Bytes meta = Bytes.EMPTY;
  private Versions versions = Versions.UNKNOWN;
  private Liveness state = Liveness.ALIVE;
  private Bytes sourceAddress = Bytes.EMPTY;
  private int sourcePort;
  private String sourceNode = "";

  private MessageDecoder() {}

  /** Any message but the user's, which has no map. */
  static Message decode(int type, MsgpackReader in) throws IOException {
    MessageDecoder fields = new MessageDecoder();
    fields.read(in);
    return switch (type) {
      case MessageType.PING -> new Message.Ping(fields.seqNo, fields.node, fields.source());
      case MessageType.INDIRECT_PING ->
          new Message.IndirectPing(
              fields.seqNo, fields.target, fields.port, fields.node, fields.nack, fields.source());
      case MessageType.ACK -> new Message.Ack(fields.seqNo, fields.payload);
      case MessageType.NACK -> new Message.Nack(fields.seqNo);
      case MessageType.SUSPECT -> new Message.Suspect(fields.incarnation, fields.node, fields.from);
      case MessageType.DEAD -> new Message.Dead(fields.incarnation, fields.node, fields.from);
      case MessageType.ALIVE ->
          new Message.Alive(
              fields.incarnation,
              fields.node,
              fields.address,
              fields.port,
              fields.meta,
              fields.versions);
      default -> throw new WireException(Reason.BAD_TYPE, "message type " + type);
    };
  }

  static NodeState nodeState(MsgpackReader in) throws IOException {
    MessageDecoder fields = new MessageDecoder();
    fields.read(in);
    return new NodeState(
        fields.node,
        fields.address,
        fields.port,
        fields.meta,
        fields.incarnation,
        fields.state,
        fields.versions);
  }

  private Source source() {
    return sourceAddress.isEmpty() && sourcePort == 0 && sourceNode.isEmpty()
        ? Source.NONE
        : new Source(sourceAddress, sourcePort, sourceNode);
  }

  private void read(MsgpackReader in) throws IOException {
    for (long left = in.map(); left > 0; left--) {
      switch (in.text()) {
        case "SeqNo" -> seqNo = in.integer(0, MAX_UINT32);
        case "Incarnation" -> incarnation = in.integer(0, MAX_UINT32);
        // A message says Node where a state of push/pull says Name.
        case "Node", "Name" -> node = in.text();
        case "From" -> from = in.text();
        case "Addr" -> address = address(in);
        case "Target" -> target = address(in);
        case "Port" -> port = (int) in.integer(0, 65535);
        case "Nack" -> nack = in.bool();
        case "Payload" -> payload = in.bytes();
        case "Meta" -> meta = meta(in);
        case "Vsn" -> versions = versions(in.bytes());
        case "State" -> state = Liveness.of(in.integer(0, 255));
        case "SourceAddr" -> sourceAddress = address(in);
        case "SourcePort" -> sourcePort = (int) in.integer(0, 65535);
        case "SourceNode" -> sourceNode = in.text();
        default -> in.skip();
      }
    }
  }

  private static Bytes address(MsgpackReader in) throws IOException {
    Bytes address = in.bytes();
    return switch (address.length()) {
      case 0, 4, 16 -> address;
      default ->
          throw new WireException(Reason.BAD_FIELD, "an address of " + address.length() + " bytes");
    };
  }

  private static Bytes meta(MsgpackReader in) throws IOException {
    Bytes meta = in.bytes();
    if (meta.length() > MAX_META_BYTES) {
      throw new WireException(Reason.TOO_LARGE, "meta data of " + meta.length() + " bytes");
    }
    return meta;
  }

  private static Versions versions(Bytes bytes) throws WireException {
    byte[] v = bytes.array();
    if (v.length == 0) {
      return Versions.UNKNOWN;
    }
    if (v.length != 6) {
      throw new WireException(Reason.BAD_FIELD, "versions of " + v.length + " bytes");
    }
    return new Versions(
        v[0] & 0xff, v[1] & 0xff, v[2] & 0xff, v[3] & 0xff, v[4] & 0xff, v[5] & 0xff);
  }
}
