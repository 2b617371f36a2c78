package io.meshd.gossip.wire;

import io.meshd.gossip.wire.PushPull.NodeState;
import io.meshd.gossip.wire.WireException.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * TCP streams. From the outside in: label as in packets; where the cluster has keys, 10, length (4
 * B) and the encrypted rest, whose associated data are these 5 bytes and the label; compression,
 * read only; then one message. What is not encrypted has no length and is parsed as it comes.
 */
public final class StreamCodec {
  /** Most bytes of user state and of a user message. */
  public static final int MAX_USER_BYTES = 20 << 20;

  private static final int MAX_INFLATED_BYTES = 40 << 20;
  private static final int MAX_NODES = 100_000;

  /** A little that inflates to much: not many of them at once. */
  private static final int MAX_INFLATING = 4;

  private final Semaphore inflating = new Semaphore(MAX_INFLATING);

  private final byte[] label;
  private final @Nullable KeyRing keys;

  /** See {@link PacketCodec#PacketCodec}. */
  public StreamCodec(String label, @Nullable KeyRing keys) {
    this.label = label.getBytes(StandardCharsets.UTF_8);
    this.keys = keys;
  }

  /** The bytes to write. */
  public byte[] encode(StreamMessage message) {
    byte[] plain = encodePlain(message);
    MsgpackWriter out = new MsgpackWriter();
    if (label.length > 0) {
      out.octet(MessageType.LABEL).octet(label.length).append(label);
    }
    if (keys == null) {
      return out.append(plain).toByteArray();
    }
    byte[] header = header(KeyRing.OVERHEAD_BYTES + plain.length);
    return out.append(header).append(keys.encrypt(plain, join(header, label))).toByteArray();
  }

  /**
   * Reads one message and not a byte more.
   *
   * @throws WireException when it is malformed
   * @throws IOException what the stream throws
   */
  public StreamMessage decode(InputStream in) throws IOException {
    MsgpackReader outer = new MsgpackReader(in, MAX_INFLATED_BYTES);
    int type = outer.octet();
    byte[] theirs = new byte[0];
    if (type == MessageType.LABEL) {
      theirs = outer.octets(outer.octet());
      type = outer.octet();
    }
    if (!Arrays.equals(theirs, label)) {
      throw new WireException(Reason.BAD_LABEL, "another cluster's label");
    }
    if (keys == null) {
      return decodePlain(type, outer);
    }
    if (type != MessageType.ENCRYPT) {
      throw new WireException(Reason.NOT_DECRYPTED, "a stream in clear");
    }
    byte[] length = outer.octets(4);
    byte[] sealed = outer.octets(Integer.toUnsignedLong(ByteBuffer.wrap(length).getInt()));
    byte[] plain = keys.decrypt(sealed, join(header(sealed.length), label));
    MsgpackReader inner = new MsgpackReader(plain, 0, plain.length);
    return decodePlain(inner.octet(), inner);
  }

  private StreamMessage decodePlain(int type, MsgpackReader in) throws IOException {
    if (type != MessageType.COMPRESS) {
      return message(type, in);
    }
    Bytes compressed = PacketCodec.compressed(in);
    inflating.acquireUninterruptibly();
    try {
      byte[] inflated = Lzw.decode(compressed.array(), MAX_INFLATED_BYTES);
      MsgpackReader inner = new MsgpackReader(inflated, 0, inflated.length);
      return message(inner.octet(), inner);
    } finally {
      inflating.release();
    }
  }

  private static StreamMessage message(int type, MsgpackReader in) throws IOException {
    return switch (type) {
      case MessageType.PUSH_PULL -> new StreamMessage.State(pushPull(in));
      case MessageType.USER -> new StreamMessage.User(user(in));
      case MessageType.PING, MessageType.ACK ->
          new StreamMessage.Probe(MessageDecoder.decode(type, in));
      case MessageType.ERROR -> new StreamMessage.Failure(error(in));
      default -> throw new WireException(Reason.BAD_TYPE, "stream type " + type);
    };
  }

  private static PushPull pushPull(MsgpackReader in) throws IOException {
    boolean join = false;
    long nodes = 0;
    long userBytes = 0;
    for (long left = in.map(); left > 0; left--) {
      switch (in.text()) {
        case "Join" -> join = in.bool();
        case "Nodes" -> nodes = in.integer(0, MAX_NODES);
        case "UserStateLen" -> userBytes = in.integer(0, MAX_USER_BYTES);
        default -> in.skip();
      }
    }
    List<NodeState> states = new ArrayList<>();
    for (long i = 0; i < nodes; i++) {
      states.add(MessageDecoder.nodeState(in));
    }
    return new PushPull(join, List.copyOf(states), Bytes.owning(in.octets(userBytes)));
  }

  private static Bytes user(MsgpackReader in) throws IOException {
    long length = 0;
    for (long left = in.map(); left > 0; left--) {
      if (in.text().equals("UserMsgLen")) {
        length = in.integer(0, MAX_USER_BYTES);
      } else {
        in.skip();
      }
    }
    return Bytes.owning(in.octets(length));
  }

  private static String error(MsgpackReader in) throws IOException {
    String error = "";
    for (long left = in.map(); left > 0; left--) {
      if (in.text().equals("Error")) {
        error = in.text();
      } else {
        in.skip();
      }
    }
    return error;
  }

  static byte[] encodePlain(StreamMessage message) {
    MsgpackWriter out = new MsgpackWriter();
    switch (message) {
      case StreamMessage.State state -> pushPull(out, state.pushPull());
      case StreamMessage.User user ->
          out.octet(MessageType.USER)
              .map(1)
              .field("UserMsgLen", user.payload().length())
              .append(user.payload().array());
      case StreamMessage.Probe probe -> out.append(MessageEncoder.encode(probe.message()));
      case StreamMessage.Failure failure ->
          out.octet(MessageType.ERROR).map(1).field("Error", failure.error());
    }
    return out.toByteArray();
  }

  private static void pushPull(MsgpackWriter out, PushPull pushPull) {
    out.octet(MessageType.PUSH_PULL).map(3).field("Join", pushPull.join());
    out.field("Nodes", pushPull.nodes().size());
    out.field("UserStateLen", pushPull.userState().length());
    for (NodeState node : pushPull.nodes()) {
      out.map(7).field("Addr", node.address()).field("Incarnation", node.incarnation());
      out.field("Meta", node.meta()).field("Name", node.name());
      out.field("Port", node.port()).field("State", node.state().code());
      out.field("Vsn", MessageEncoder.bytes(node.versions()));
    }
    out.append(pushPull.userState().array());
  }

  private static byte[] header(int length) {
    return ByteBuffer.allocate(5).put((byte) MessageType.ENCRYPT).putInt(length).array();
  }

  private static byte[] join(byte[] a, byte[] b) {
    return ByteBuffer.allocate(a.length + b.length).put(a).put(b).array();
  }
}
