package io.meshd.gossip.records;

import io.meshd.gossip.wire.Bytes;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Numbers in groups of seven bits (LEB128), text and bytes with their length before them. */
final class RecordWriter {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream(128);

  RecordWriter octet(int value) {
    out.write(value);
    return this;
  }

  /** Not negative. */
  RecordWriter number(long value) {
    long rest = value;
    while (rest > 0x7f) {
      out.write((int) (rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    out.write((int) rest);
    return this;
  }

  RecordWriter fixed(long value) {
    for (int shift = 56; shift >= 0; shift -= 8) {
      out.write((int) (value >>> shift));
    }
    return this;
  }

  RecordWriter text(String value) {
    return bytes(Bytes.owning(value.getBytes(StandardCharsets.UTF_8)));
  }

  RecordWriter bytes(Bytes value) {
    number(value.length());
    out.writeBytes(value.toArray());
    return this;
  }

  Bytes done() {
    return Bytes.owning(out.toByteArray());
  }
}
