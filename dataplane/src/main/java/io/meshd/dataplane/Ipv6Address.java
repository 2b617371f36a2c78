package io.meshd.dataplane;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.StringJoiner;

/** An IPv6 address in two longs, first byte highest. */
public record Ipv6Address(long high, long low) {
  private static final int GROUPS = 8;

  /** Parses any form of RFC 4291 section 2.2, without a zone; nothing is looked up. */
  public static Ipv6Address parse(String text) {
    InetAddress address;
    try {
      address = InetAddress.ofLiteral(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("not an IPv6 address: " + text, e);
    }
    if (!(address instanceof Inet6Address) || text.contains("%")) {
      throw new IllegalArgumentException("not an IPv6 address: " + text);
    }
    ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
    return new Ipv6Address(bytes.getLong(), bytes.getLong());
  }

  /** The one form of RFC 5952 section 4: small letters, the longest run of zeros left out. */
  @Override
  public String toString() {
    int first = 0;
    int zeros = 1; // a single zero is written
    for (int i = 0; i < GROUPS; i++) {
      int end = i;
      while (end < GROUPS && group(end) == 0) {
        end++;
      }
      if (end - i > zeros) {
        first = i;
        zeros = end - i;
      }
    }
    return zeros == 1 ? words(0, GROUPS) : words(0, first) + "::" + words(first + zeros, GROUPS);
  }

  private String words(int from, int to) {
    StringJoiner words = new StringJoiner(":");
    for (int i = from; i < to; i++) {
      words.add(Integer.toHexString(group(i)));
    }
    return words.toString();
  }

  private int group(int index) {
    long half = index < 4 ? high : low;
    return (int) (half >>> (48 - 16 * (index & 3))) & 0xffff;
  }
}
