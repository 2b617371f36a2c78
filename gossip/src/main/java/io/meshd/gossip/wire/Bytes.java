package io.meshd.gossip.wire;

import java.util.Arrays;
import java.util.HexFormat;

/** Bytes as a value: immutable, equal by content. */
public final class Bytes {
  public static final Bytes EMPTY = new Bytes(new byte[0]);

  private final byte[] content;

  private Bytes(byte[] content) {
    this.content = content;
  }

  /** Copies. */
  public static Bytes of(byte... content) {
    return content.length == 0 ? EMPTY : new Bytes(content.clone());
  }

  /** Takes the array over; the caller forgets it. */
  public static Bytes owning(byte[] content) {
    return content.length == 0 ? EMPTY : new Bytes(content);
  }

  /** A copy. */
  public byte[] toArray() {
    return content.clone();
  }

  /** The array itself, for readers of this package. */
  byte[] array() {
    return content;
  }

  /** A part, copied. */
  public Bytes slice(int offset, int length) {
    return owning(Arrays.copyOfRange(content, offset, offset + length));
  }

  public int length() {
    return content.length;
  }

  public boolean isEmpty() {
    return content.length == 0;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Bytes bytes && Arrays.equals(content, bytes.content);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(content);
  }

  /** Hexadecimal. */
  @Override
  public String toString() {
    return HexFormat.of().formatHex(content);
  }
}
