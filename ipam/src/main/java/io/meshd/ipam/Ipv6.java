package io.meshd.ipam;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.StringJoiner;

/** An IPv6 address as two 64-bit numbers, network byte order read as longs. */
public record Ipv6(long high, long low) {
  private static final int GROUPS = 8;

  /**
   * @param text any form of RFC 4291 section 2.2, without a zone; nothing is looked up
   * @throws IllegalArgumentException when it is anything else, an IPv4-mapped address too
   */
  public static Ipv6 parse(String text) {
    if (text.indexOf(':') < 0 || !text.matches("[0-9a-fA-F:.]+")) {
      throw new IllegalArgumentException("invalid IPv6 address: " + text);
    }
    InetAddress address;
    try {
      address = InetAddress.ofLiteral(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("invalid IPv6 address: " + text, e);
    }
    if (!(address instanceof Inet6Address)) {
      throw new IllegalArgumentException("invalid IPv6 address: " + text);
    }
    ByteBuffer bytes = ByteBuffer.wrap(address.getAddress());
    return new Ipv6(bytes.getLong(), bytes.getLong());
  }

  /** The address so many places further; {@code offset} is not negative. */
  Ipv6 plus(long offset) {
    long sum = low + offset;
    return new Ipv6(Long.compareUnsigned(sum, low) < 0 ? high + 1 : high, sum);
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
