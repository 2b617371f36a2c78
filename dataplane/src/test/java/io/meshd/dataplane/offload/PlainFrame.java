package io.meshd.dataplane.offload;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The oracle of cutting and joining: a frame in a byte array, byte by byte from the pictures of RFC
 * 791, 8200, 9293 and 768, slowly, and with nothing of the code that it judges.
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record PlainFrame(byte[] bytes, boolean ipv4, int protocol, int transport, int data, int end) {
  static final int TCP = 6;
  static final int UDP = 17;
  static final int IP = 14;
  static final int FIN = 1;
  static final int PSH = 8;
  static final int ACK = 16;
  static final int CWR = 128;

  /** Null for what is no whole TCP segment or UDP datagram over IP. */
  static @Nullable PlainFrame of(byte[] f) {
    if (f.length < IP) {
      return null;
    }
    return switch (u16(f, 12)) {
      case 0x0800 -> ipv4(f);
      case 0x86dd -> ipv6(f);
      default -> null;
    };
  }

  /** As {@link #of}, for what is one. */
  static PlainFrame known(byte[] f) {
    PlainFrame frame = of(f);
    if (frame == null) {
      throw new AssertionError("neither TCP nor UDP");
    }
    return frame;
  }

  private static @Nullable PlainFrame ipv4(byte[] f) {
    if (f.length < IP + 20 || u8(f, IP) >> 4 != 4) {
      return null;
    }
    int header = (u8(f, IP) & 15) * 4;
    int end = IP + u16(f, IP + 2);
    boolean fragment = (u16(f, IP + 6) & 0xbfff) != 0;
    if (header < 20 || end < IP + header || end > f.length || fragment) {
      return null;
    }
    return transport(f, true, u8(f, IP + 9), IP + header, end);
  }

  private static @Nullable PlainFrame ipv6(byte[] f) {
    if (f.length < IP + 40 || u8(f, IP) >> 4 != 6) {
      return null;
    }
    int end = IP + 40 + u16(f, IP + 4);
    int next = u8(f, IP + 6);
    int at = IP + 40;
    if (end > f.length) {
      return null;
    }
    while (next == 0 || next == 43 || next == 60) { // hop-by-hop, routing, destination options
      if (at + 8 > end) {
        return null;
      }
      next = u8(f, at);
      at += 8 + 8 * u8(f, at + 1);
    }
    return at > end ? null : transport(f, false, next, at, end);
  }

  private static @Nullable PlainFrame transport(
      byte[] f, boolean ipv4, int protocol, int at, int end) {
    if (protocol == TCP && at + 20 <= end) {
      int header = (u8(f, at + 12) >> 4) * 4;
      return header < 20 || at + header > end
          ? null
          : new PlainFrame(f, ipv4, TCP, at, at + header, end);
    }
    return protocol == UDP && at + 8 <= end && u16(f, at + 4) == end - at
        ? new PlainFrame(f, ipv4, UDP, at, at + 8, end)
        : null;
  }

  /** Whether headers of the same kinds have the same places. */
  boolean isShapedAs(PlainFrame other) {
    return ipv4 == other.ipv4
        && protocol == other.protocol
        && transport == other.transport
        && data == other.data;
  }

  byte[] payload() {
    return Arrays.copyOfRange(bytes, data, end);
  }

  int flags() {
    return u8(bytes, transport + 13);
  }

  int total() {
    return end - IP;
  }

  boolean hasOptions() {
    return transport != IP + (ipv4 ? 20 : 40);
  }

  /** What a sender without offloads would have sent instead, frame by frame. */
  List<byte[]> cut(int size) {
    byte[] payload = payload();
    List<byte[]> frames = new ArrayList<>();
    int at = 0;
    do {
      int length = Math.min(size, payload.length - at);
      byte[] f = Arrays.copyOf(bytes, data + length);
      System.arraycopy(payload, at, f, data, length);
      boolean last = at + length == payload.length;
      if (ipv4) {
        put16(f, IP + 4, u16(f, IP + 4) + frames.size());
      }
      if (protocol == TCP) {
        put32(f, transport + 4, i32(f, transport + 4) + at);
        int flags = flags();
        if (!last) {
          flags &= ~(FIN | PSH);
        }
        if (at > 0) {
          flags &= ~CWR;
        }
        f[transport + 13] = (byte) flags;
      }
      frames.add(finished(f, this));
      at += length;
    } while (at < payload.length);
    return frames;
  }

  /** One frame of these: the first one's headers, the last one's flags, all of the payload. */
  static PlainFrame join(List<PlainFrame> frames) {
    PlainFrame first = frames.getFirst();
    byte[] f =
        Arrays.copyOf(
            first.bytes, first.data + frames.stream().mapToInt(p -> p.end - p.data).sum());
    int at = first.data;
    for (PlainFrame frame : frames) {
      System.arraycopy(frame.bytes, frame.data, f, at, frame.end - frame.data);
      at += frame.end - frame.data;
    }
    if (first.protocol == TCP) {
      f[first.transport + 13] = (byte) frames.getLast().flags();
    }
    return new PlainFrame(
        finished(f, first), first.ipv4, first.protocol, first.transport, first.data, f.length);
  }

  /**
   * As it would be with what may differ without a difference gone: no padding, the identification
   * zero where DF makes it meaningless (RFC 6864), and of a checksum's two zeros the usual one.
   */
  byte[] normal() {
    byte[] f = Arrays.copyOf(bytes, end);
    if (ipv4 && (u16(f, IP + 6) & 0x4000) != 0) {
      put16(f, IP + 4, 0);
    }
    return finished(f, this);
  }

  /** Writes lengths and checksums. */
  private static byte[] finished(byte[] f, PlainFrame like) {
    if (like.ipv4) {
      put16(f, IP + 2, f.length - IP);
      put16(f, IP + 10, 0);
      put16(f, IP + 10, ~sum(0, f, IP, (u8(f, IP) & 15) * 4));
    } else {
      put16(f, IP + 4, f.length - IP - 40);
    }
    if (like.protocol == UDP) {
      put16(f, like.transport + 4, f.length - like.transport);
    }
    int at = like.transport + like.checksumOffset();
    put16(f, at, 0);
    int checksum = ~sum(like.pseudo(f), f, like.transport, f.length - like.transport) & 0xffff;
    put16(f, at, checksum == 0 && like.protocol == UDP ? 0xffff : checksum);
    return f;
  }

  int checksumOffset() {
    return protocol == TCP ? 16 : 6;
  }

  /** Sum of the pseudo header of a frame with these headers that ends where the array does. */
  private int pseudo(byte[] f) {
    int length = f.length - transport;
    return ipv4 ? sum(protocol + length, f, IP + 12, 8) : sum(protocol + length, f, IP + 8, 32);
  }

  boolean ipChecksumVerifies() {
    return !ipv4 || sum(0, bytes, IP, (u8(bytes, IP) & 15) * 4) == 0xffff;
  }

  boolean transportChecksumVerifies() {
    byte[] f = Arrays.copyOf(bytes, end);
    return sum(pseudo(f), f, transport, end - transport) == 0xffff;
  }

  /** UDP without a checksum (RFC 768). */
  boolean hasNoChecksum() {
    return protocol == UDP && u16(bytes, transport + 6) == 0;
  }

  /** Whether the checksum is what virtio's NEEDS_CSUM has there. */
  boolean isPartial() {
    return u16(bytes, transport + checksumOffset()) == pseudo(Arrays.copyOf(bytes, end));
  }

  /** Makes the checksum partial. */
  void leaveChecksum() {
    put16(bytes, transport + checksumOffset(), pseudo(Arrays.copyOf(bytes, end)));
  }

  /** Folded sum of 16-bit numbers, RFC 1071 section 1. */
  private static int sum(int start, byte[] f, int at, int length) {
    int sum = start;
    for (int i = 0; i < length; i++) {
      sum += i % 2 == 0 ? u8(f, at + i) << 8 : u8(f, at + i);
      sum = (sum & 0xffff) + (sum >> 16);
    }
    return (sum & 0xffff) + (sum >> 16);
  }

  static int u8(byte[] f, int at) {
    return f[at] & 0xff;
  }

  static int u16(byte[] f, int at) {
    return u8(f, at) << 8 | u8(f, at + 1);
  }

  static int i32(byte[] f, int at) {
    return u16(f, at) << 16 | u16(f, at + 2);
  }

  static void put16(byte[] f, int at, int value) {
    f[at] = (byte) (value >> 8);
    f[at + 1] = (byte) value;
  }

  static void put32(byte[] f, int at, int value) {
    put16(f, at, value >> 16);
    put16(f, at + 2, value);
  }
}
