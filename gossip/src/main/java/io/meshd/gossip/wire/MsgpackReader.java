package io.meshd.gossip.wire;

import io.meshd.gossip.wire.WireException.Reason;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/**
 * Reads msgpack from hostile bytes: the one door by which lengths from outside come in. Never takes
 * more than its budget from the stream, and never spends memory for bytes that are not there.
 */
final class MsgpackReader {
  private static final int MAX_DEPTH = 16;

  /** Longest key of a map and longest node name that is taken. */
  private static final int MAX_TEXT_BYTES = 1024;

  private final InputStream in;
  private long budget;

  /**
   * Reads as it comes.
   *
   * @param budget bytes that may be taken at most
   */
  MsgpackReader(InputStream in, long budget) {
    this.in = in;
    this.budget = budget;
  }

  MsgpackReader(byte[] bytes, int offset, int length) {
    this(new ByteArrayInputStream(bytes, offset, length), length);
  }

  long budget() {
    return budget;
  }

  int octet() throws IOException {
    take(1);
    int value = in.read();
    if (value < 0) {
      throw truncated();
    }
    return value;
  }

  byte[] octets(long length) throws IOException {
    take(length);
    byte[] bytes = in.readNBytes((int) length);
    if (bytes.length < length) {
      throw truncated();
    }
    return bytes;
  }

  private void take(long length) throws WireException {
    if (length > budget) {
      throw truncated();
    }
    budget -= length;
  }

  private static WireException truncated() {
    return new WireException(Reason.TRUNCATED, "the bytes end before the value");
  }

  /** Number of entries of the map that follows. */
  long map() throws IOException {
    int type = octet();
    if ((type & 0xf0) == 0x80) {
      return type & 0x0f;
    }
    return switch (type) {
      case 0xde -> bigEndian(2);
      case 0xdf -> bigEndian(4);
      default -> throw field("a map", type);
    };
  }

  String text() throws IOException {
    byte[] bytes = octets(Math.min(rawLength(octet()), MAX_TEXT_BYTES + 1));
    if (bytes.length > MAX_TEXT_BYTES) {
      throw new WireException(Reason.TOO_LARGE, "text of more than " + MAX_TEXT_BYTES + " bytes");
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** Nil is no bytes. */
  Bytes bytes() throws IOException {
    int type = octet();
    return type == 0xc0 ? Bytes.EMPTY : Bytes.owning(octets(rawLength(type)));
  }

  boolean bool() throws IOException {
    int type = octet();
    return switch (type) {
      case 0xc2 -> false;
      case 0xc3 -> true;
      default -> throw field("a boolean", type);
    };
  }

  /** An integer of any form within the bounds, both inclusive. */
  long integer(long min, long max) throws IOException {
    int type = octet();
    long value =
        switch (type) {
          case 0xcc -> bigEndian(1);
          case 0xcd -> bigEndian(2);
          case 0xce -> bigEndian(4);
          case 0xcf, 0xd3 -> bigEndian(8);
          case 0xd0 -> (byte) bigEndian(1);
          case 0xd1 -> (short) bigEndian(2);
          case 0xd2 -> (int) bigEndian(4);
          default -> {
            if (type >= 0x80 && type < 0xe0) {
              throw field("an integer", type);
            }
            yield (byte) type;
          }
        };
    if (value < min || value > max) {
      throw new WireException(Reason.BAD_FIELD, "an integer out of range: " + value);
    }
    return value;
  }

  /** Steps over one value of any kind. */
  void skip() throws IOException {
    skip(0);
  }

  private void skip(int depth) throws IOException {
    if (depth > MAX_DEPTH) {
      throw new WireException(Reason.TOO_DEEP, "values nested more than " + MAX_DEPTH + " deep");
    }
    int type = octet();
    if (type < 0x80 || type >= 0xe0) {
      return;
    }
    if (type < 0x90) {
      skipAll(2L * (type & 0x0f), depth);
    } else if (type < 0xa0) {
      skipAll(type & 0x0f, depth);
    } else if (type < 0xc0) {
      discard(type & 0x1f);
    } else {
      skipSized(type, depth);
    }
  }

  private void skipSized(int type, int depth) throws IOException {
    switch (type) {
      case 0xc0, 0xc2, 0xc3 -> {}
      case 0xcc, 0xd0 -> discard(1);
      case 0xcd, 0xd1, 0xd4 -> discard(2);
      case 0xd5 -> discard(3);
      case 0xca, 0xce, 0xd2 -> discard(4);
      case 0xd6 -> discard(5);
      case 0xcb, 0xcf, 0xd3 -> discard(8);
      case 0xd7 -> discard(9);
      case 0xd8 -> discard(17);
      case 0xc7 -> discard(bigEndian(1) + 1);
      case 0xc8 -> discard(bigEndian(2) + 1);
      case 0xc9 -> discard(bigEndian(4) + 1);
      case 0xdc -> skipAll(bigEndian(2), depth);
      case 0xdd -> skipAll(bigEndian(4), depth);
      case 0xde -> skipAll(2 * bigEndian(2), depth);
      case 0xdf -> skipAll(2 * bigEndian(4), depth);
      default -> discard(rawLength(type));
    }
  }

  private void skipAll(long values, int depth) throws IOException {
    for (long i = 0; i < values; i++) {
      skip(depth + 1);
    }
  }

  private void discard(long length) throws IOException {
    take(length);
    try {
      in.skipNBytes(length);
    } catch (EOFException e) {
      throw truncated();
    }
  }

  private long rawLength(int type) throws IOException {
    if ((type & 0xe0) == 0xa0) {
      return type & 0x1f;
    }
    return switch (type) {
      case 0xc4, 0xd9 -> bigEndian(1);
      case 0xc5, 0xda -> bigEndian(2);
      case 0xc6, 0xdb -> bigEndian(4);
      default -> throw field("text or bytes", type);
    };
  }

  private long bigEndian(int bytes) throws IOException {
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value = value << 8 | octet();
    }
    return value;
  }

  private static WireException field(String wanted, int type) {
    return new WireException(
        Reason.BAD_FIELD, "0x" + Integer.toHexString(type) + " where " + wanted + " should be");
  }
}
