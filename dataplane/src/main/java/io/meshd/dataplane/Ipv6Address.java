package io.meshd.dataplane;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;

/** An IPv6 address in two longs, first byte highest. */
public record Ipv6Address(long high, long low) {

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

  @Override
  public String toString() {
    byte[] bytes = ByteBuffer.allocate(16).putLong(high).putLong(low).array();
    try {
      return InetAddress.getByAddress(bytes).getHostAddress();
    } catch (java.net.UnknownHostException e) {
      throw new AssertionError("16 bytes are an IPv6 address", e);
    }
  }
}
