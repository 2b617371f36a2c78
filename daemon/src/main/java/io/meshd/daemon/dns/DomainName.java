package io.meshd.daemon.dns;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A domain name for comparing: labels with their lengths before them as on the wire (RFC 1035
 * section 3.1), ASCII letters in lower case (RFC 4343), without the zero of the root at the end.
 */
final class DomainName {
  /** With the zero of the root: RFC 1035 section 2.3.4. */
  static final int MAX_LENGTH = 255;

  static final int MAX_LABEL = 63;

  static final DomainName ROOT = new DomainName(new byte[0]);

  private final byte[] wire;
  private final int hash;

  private DomainName(byte[] wire) {
    this.wire = wire;
    this.hash = Arrays.hashCode(wire);
  }

  /** Null when no message could carry it: an empty or long label, or too long as a whole. */
  static @Nullable DomainName parse(String dotted) {
    byte[] text = dotted.getBytes(StandardCharsets.UTF_8);
    if (text.length == 0 || text.length + 2 > MAX_LENGTH) {
      return null;
    }
    byte[] wire = new byte[text.length + 1];
    int length = 0;
    for (int i = text.length - 1; i >= -1; i--) {
      if (i < 0 || text[i] == '.') {
        if (length == 0 || length > MAX_LABEL) {
          return null;
        }
        wire[i + 1] = (byte) length;
        length = 0;
      } else {
        wire[i + 1] = lower(text[i]);
        length++;
      }
    }
    return new DomainName(wire);
  }

  /**
   * Reads a name that was checked before: plain labels only.
   *
   * @param length of the labels, without the root's zero
   */
  static DomainName read(ByteBuf in, int at, int length) {
    byte[] wire = new byte[length];
    in.getBytes(at, wire);
    // Lengths are below 'A', so they can be lowered like the rest.
    for (int i = 0; i < length; i++) {
      wire[i] = lower(wire[i]);
    }
    return new DomainName(wire);
  }

  private static byte lower(byte octet) {
    return octet >= 'A' && octet <= 'Z' ? (byte) (octet + ('a' - 'A')) : octet;
  }

  /** Bytes on the wire, the root's zero included. */
  int length() {
    return wire.length + 1;
  }

  void write(ByteBuf out) {
    out.writeBytes(wire).writeByte(0);
  }

  int labels() {
    int count = 0;
    for (int i = 0; i < wire.length; i += wire[i] + 1) {
      count++;
    }
    return count;
  }

  /** Without its first labels, or null when it has not so many. */
  @Nullable DomainName without(int labels) {
    int at = 0;
    for (int i = 0; i < labels; i++) {
      if (at >= wire.length) {
        return null;
      }
      at += wire[at] + 1;
    }
    return new DomainName(Arrays.copyOfRange(wire, at, wire.length));
  }

  /** Whether it begins with two labels that begin with an underscore (RFC 2782). */
  boolean isServiceName() {
    if (wire.length < 4 || wire[1] != '_') {
      return false;
    }
    int second = wire[0] + 1;
    return second + 1 < wire.length && wire[second + 1] == '_';
  }

  /** As people write it, without a dot at the end. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < wire.length; i += wire[i] + 1) {
      text.append(i == 0 ? "" : ".")
          .append(new String(wire, i + 1, wire[i], StandardCharsets.UTF_8));
    }
    return text.toString();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof DomainName name && Arrays.equals(wire, name.wire);
  }

  @Override
  public int hashCode() {
    return hash;
  }
}
