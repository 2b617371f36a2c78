package io.meshd.gossip.wire;

import io.meshd.gossip.wire.WireException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Datagrams. From the outside in:
 *
 * <pre>
 * label     244, length (1 B), text           where the cluster has a label
 * encrypt   version, nonce, ..., tag          where it has keys; authenticates the label too
 * crc       12, CRC-32/IEEE of the rest       to nodes of protocol 5
 * compress  9, {Algo, Buf}                    read only
 * compound  7, count (1 B), lengths (2 B each), messages
 * message   type, map
 * </pre>
 */
public final class PacketCodec {
  /** Most messages in a packet. */
  public static final int MAX_MESSAGES = 255;

  /** Of all compressed parts of a packet together. */
  private static final int MAX_INFLATED_BYTES = 1 << 18;

  /** Compound in compress in compound is more than any peer writes. */
  private static final int MAX_LAYERS = 4;

  private final byte[] label;
  private final @Nullable KeyRing keys;

  /**
   * A codec for one cluster; immutable.
   *
   * @param label at most 255 bytes of UTF-8; empty for none
   * @param keys null when the cluster does not encrypt
   */
  public PacketCodec(String label, @Nullable KeyRing keys) {
    this.label = label.getBytes(StandardCharsets.UTF_8);
    this.keys = keys;
    if (this.label.length > 255) {
      throw new IllegalArgumentException("a label has at most 255 bytes");
    }
  }

  /** What {@link #encode} adds around a single message; 5 more bytes where a checksum is wanted. */
  public int overhead() {
    return (label.length == 0 ? 0 : 2 + label.length) + (keys == null ? 0 : KeyRing.OVERHEAD_BYTES);
  }

  /**
   * One datagram.
   *
   * @param messages 1 to {@link #MAX_MESSAGES}, each already {@link #encode(Message) encoded}
   * @param crc whether the receiver reads checksums, see {@link Message.Versions#readsCrc}
   */
  public byte[] encode(List<byte[]> messages, boolean crc) {
    byte[] packet = messages.size() == 1 ? messages.getFirst() : compound(messages);
    if (crc) {
      packet = checked(packet);
    }
    if (keys != null) {
      packet = keys.encrypt(packet, label);
    }
    return label.length == 0 ? packet : labelled(packet);
  }

  /** A message as it stands in a packet. */
  public static byte[] encode(Message message) {
    return MessageEncoder.encode(message);
  }

  /**
   * All messages of a datagram, in order.
   *
   * @throws WireException when any part of it is wrong; then none of it counts
   */
  public List<Message> decode(byte[] datagram) throws WireException {
    byte[] packet = withoutLabel(datagram);
    if (keys != null) {
      packet = keys.decrypt(packet, label);
    }
    return decodePlain(packet);
  }

  static List<Message> decodePlain(byte[] packet) throws WireException {
    List<Message> messages = new ArrayList<>(2);
    try {
      if (packet.length > 0 && packet[0] == MessageType.CRC) {
        packet = withoutCrc(packet);
      }
      new Parts(messages).decode(packet, 0);
    } catch (WireException e) {
      throw e;
    } catch (IOException e) {
      throw new IllegalStateException("reading from memory cannot fail", e);
    }
    return messages;
  }

  /** The parts of one packet, down to its messages. */
  private static final class Parts {
    private final List<Message> messages;
    private int mayInflate = MAX_INFLATED_BYTES;

    Parts(List<Message> messages) {
      this.messages = messages;
    }

    void decode(byte[] part, int layer) throws IOException {
      if (layer >= MAX_LAYERS) {
        throw new WireException(Reason.TOO_DEEP, "more than " + MAX_LAYERS + " layers");
      }
      MsgpackReader in = new MsgpackReader(part, 0, part.length);
      int type = in.octet();
      switch (type) {
        case MessageType.COMPOUND -> {
          int[] lengths = new int[in.octet()];
          for (int i = 0; i < lengths.length; i++) {
            lengths[i] = in.octet() << 8 | in.octet();
          }
          for (int length : lengths) {
            decode(in.octets(length), layer + 1);
          }
        }
        case MessageType.COMPRESS -> {
          byte[] inflated = Lzw.decode(compressed(in).array(), mayInflate);
          mayInflate -= inflated.length;
          decode(inflated, layer + 1);
        }
        case MessageType.USER ->
            messages.add(new Message.User(Bytes.owning(in.octets(in.budget()))));
        default -> messages.add(MessageDecoder.decode(type, in));
      }
    }
  }

  /** What stands in the map after {@link MessageType#COMPRESS}. */
  static Bytes compressed(MsgpackReader in) throws IOException {
    Bytes compressed = Bytes.EMPTY;
    for (long left = in.map(); left > 0; left--) {
      switch (in.text()) {
        case "Algo" -> in.integer(0, 0);
        case "Buf" -> compressed = in.bytes();
        default -> in.skip();
      }
    }
    return compressed;
  }

  static byte[] compound(List<byte[]> messages) {
    if (messages.isEmpty() || messages.size() > MAX_MESSAGES) {
      throw new IllegalArgumentException("a packet holds 1 to 255 messages");
    }
    MsgpackWriter out = new MsgpackWriter().octet(MessageType.COMPOUND).octet(messages.size());
    messages.forEach(message -> out.bigEndian(message.length, 2));
    messages.forEach(out::append);
    return out.toByteArray();
  }

  static byte[] checked(byte[] packet) {
    return ByteBuffer.allocate(5 + packet.length)
        .put((byte) MessageType.CRC)
        .putInt(crc(packet, 0))
        .put(packet)
        .array();
  }

  private static byte[] withoutCrc(byte[] packet) throws WireException {
    if (packet.length < 5) {
      throw new WireException(Reason.TRUNCATED, "shorter than its checksum");
    }
    if (ByteBuffer.wrap(packet, 1, 4).getInt() != crc(packet, 5)) {
      throw new WireException(Reason.BAD_CRC, "checksum does not match");
    }
    return Arrays.copyOfRange(packet, 5, packet.length);
  }

  private static int crc(byte[] bytes, int offset) {
    CRC32 crc = new CRC32();
    crc.update(bytes, offset, bytes.length - offset);
    return (int) crc.getValue();
  }

  private byte[] labelled(byte[] packet) {
    return ByteBuffer.allocate(2 + label.length + packet.length)
        .put((byte) MessageType.LABEL)
        .put((byte) label.length)
        .put(label)
        .put(packet)
        .array();
  }

  private byte[] withoutLabel(byte[] packet) throws WireException {
    int length = 0;
    int start = 0;
    if (packet.length > 0 && (packet[0] & 0xff) == MessageType.LABEL) {
      length = packet.length > 1 ? packet[1] & 0xff : 0;
      start = 2 + length;
      if (length == 0 || start > packet.length) {
        throw new WireException(Reason.TRUNCATED, "shorter than its label");
      }
    }
    if (!Arrays.equals(packet, Math.min(2, start), start, label, 0, label.length)) {
      throw new WireException(Reason.BAD_LABEL, "another cluster's label");
    }
    return start == 0 ? packet : Arrays.copyOfRange(packet, start, packet.length);
  }
}
