package io.meshd.gossip.wire;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Writes the part of msgpack that old peers read: fixraw, raw16 and raw32 for text and bytes, nil
 * for no bytes, the shortest unsigned form for integers.
 */
final class MsgpackWriter {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream(128);

  MsgpackWriter octet(int value) {
    out.write(value);
    return this;
  }

  MsgpackWriter map(int entries) {
    return entries < 16 ? octet(0x80 | entries) : octet(0xde).bigEndian(entries, 2);
  }

  MsgpackWriter field(String name, long value) {
    return text(name).unsigned(value);
  }

  MsgpackWriter field(String name, String value) {
    return text(name).text(value);
  }

  MsgpackWriter field(String name, boolean value) {
    return text(name).octet(value ? 0xc3 : 0xc2);
  }

  MsgpackWriter field(String name, Bytes value) {
    text(name);
    return value.isEmpty() ? octet(0xc0) : raw(value.array());
  }

  MsgpackWriter emptyArray(String name) {
    return text(name).octet(0x90);
  }

  MsgpackWriter emptyMap(String name) {
    return text(name).octet(0x80);
  }

  /** Bytes as they are, without a header. */
  MsgpackWriter append(byte[] bytes) {
    out.writeBytes(bytes);
    return this;
  }

  byte[] toByteArray() {
    return out.toByteArray();
  }

  private MsgpackWriter text(String value) {
    return raw(value.getBytes(StandardCharsets.UTF_8));
  }

  private MsgpackWriter raw(byte[] value) {
    if (value.length < 32) {
      octet(0xa0 | value.length);
    } else if (value.length < 1 << 16) {
      octet(0xda).bigEndian(value.length, 2);
    } else {
      octet(0xdb).bigEndian(value.length, 4);
    }
    return append(value);
  }

  private MsgpackWriter unsigned(long value) {
    if (value < 0) {
      return octet(0xcf).bigEndian(value, 8);
    }
    if (value < 1 << 7) {
      return octet((int) value);
    }
    if (value < 1 << 8) {
      return octet(0xcc).bigEndian(value, 1);
    }
    if (value < 1 << 16) {
      return octet(0xcd).bigEndian(value, 2);
    }
    return value < 1L << 32 ? octet(0xce).bigEndian(value, 4) : octet(0xcf).bigEndian(value, 8);
  }

  MsgpackWriter bigEndian(long value, int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
      out.write((int) (value >>> shift));
    }
    return this;
  }
}
