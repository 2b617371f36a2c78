package io.meshd.ipam;

import java.util.OptionalInt;

/**
 * The IPv6 addresses of a network with both families: each IPv4 address has the one that is as far
 * behind the first of the IPv6 range as itself behind the first of the IPv4 subnet. 10.9.0.7 in
 * 10.9.0.0/24 goes with fd00:9::7 in fd00:9::/64. So one allocation decides both, whoever holds the
 * one holds the other, and nobody has to be told of the second.
 *
 * @param ipv4 the IPv4 subnet, whole
 * @param ipv6 the IPv6 subnet, or the part of it that addresses are given from; not smaller
 */
public record AddressPairs(Cidr ipv4, Cidr6 ipv6) {

  public AddressPairs {
    if (ipv6.prefix() > longestPrefix(ipv4)) {
      throw new IllegalArgumentException(ipv6 + " has fewer addresses than " + ipv4);
    }
  }

  /** The longest IPv6 prefix that leaves as many addresses as the IPv4 subnet has. */
  public static int longestPrefix(Cidr ipv4) {
    return 96 + ipv4.prefix();
  }

  /** The IPv6 address that goes with one of the IPv4 subnet. */
  public Ipv6 ipv6Of(int address) {
    return ipv6.at(ipv4.offset(address));
  }

  /** The IPv4 address that goes with an IPv6 address; empty when none does. */
  public OptionalInt ipv4Of(Ipv6 address) {
    long offset = address.low() - ipv6.network().low();
    boolean inside = ipv6.contains(address) && offset >= 0 && offset < ipv4.size();
    // Offsets are below 2^32: from the first address to the last the high half is one.
    return inside && address.high() == ipv6.network().high()
        ? OptionalInt.of(ipv4.at(offset))
        : OptionalInt.empty();
  }
}
