package io.meshd.gossip.records;

import io.meshd.gossip.wire.Bytes;
import io.meshd.gossip.wire.WireException;
import io.meshd.gossip.wire.WireException.Reason;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Reads what {@link RecordWriter} wrote, from hostile bytes. */
final class RecordReader {
  private final byte[] bytes;
  private int position;

  RecordReader(Bytes bytes) {
    this.bytes = bytes.toArray();
  }

  int octet() throws WireException {
    if (position == bytes.length) {
      throw new WireException(Reason.TRUNCATED, "the bytes end before the value");
    }
    return bytes[position++] & 0xff;
  }

  long number() throws WireException {
    long value = 0;
    for (int shift = 0; shift < 63; shift += 7) {
      int octet = octet();
      value |= (long) (octet & 0x7f) << shift;
      if (octet < 0x80) {
        return value;
      }
    }
    throw new WireException(Reason.BAD_FIELD, "a number of more than 63 bits");
  }

  long fixed() throws WireException {
    long value = 0;
    for (int i = 0; i < 8; i++) {
      value = value << 8 | octet();
    }
    return value;
  }

  /** A number of things that take at least so many bytes each. */
  int count(int leastBytes) throws WireException {
    long count = number();
    if (count > (bytes.length - position) / leastBytes) {
      throw new WireException(Reason.TRUNCATED, "more things than bytes");
    }
    return (int) count;
  }

  String text(int most) throws WireException {
    Bytes text = bytes(most);
    return new String(text.toArray(), StandardCharsets.UTF_8);
  }

  Bytes bytes(int most) throws WireException {
    int length = count(1);
    if (length > most) {
      throw new WireException(Reason.TOO_LARGE, length + " bytes where " + most + " are allowed");
    }
    Bytes value = Bytes.owning(Arrays.copyOfRange(bytes, position, position + length));
    position += length;
    return value;
  }
}
