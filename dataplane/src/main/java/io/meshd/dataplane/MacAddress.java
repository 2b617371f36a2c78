package io.meshd.dataplane;

import java.util.HexFormat;

/** A 48-bit MAC address in the low bits of a long, first byte highest. */
public record MacAddress(long bits) {
  private static final HexFormat COLONS = HexFormat.ofDelimiter(":");

  public MacAddress {
    if (bits >>> 48 != 0) {
      throw new IllegalArgumentException("a MAC address has 48 bits: " + Long.toHexString(bits));
    }
  }

  /** Parses 02:42:0a:00:01:03. */
  public static MacAddress parse(String text) {
    byte[] bytes = COLONS.parseHex(text);
    if (bytes.length != 6) {
      throw new IllegalArgumentException("a MAC address has 6 bytes: " + text);
    }
    long bits = 0;
    for (byte b : bytes) {
      bits = bits << 8 | (b & 0xff);
    }
    return new MacAddress(bits);
  }

  @Override
  public String toString() {
    byte[] bytes = new byte[6];
    for (int i = 0; i < 6; i++) {
      bytes[i] = (byte) (bits >>> (40 - 8 * i));
    }
    return COLONS.formatHex(bytes);
  }
}
