package io.meshd.daemon.state;

import io.meshd.api.Networks;
import io.meshd.ipam.AddressPairs;
import io.meshd.ipam.Cidr;
import io.meshd.ipam.Cidr6;
import io.meshd.ipam.Ipv6;
import java.util.List;

/** Checks the IPv6 part of a request for a network. */
final class Ipv6RequestCheck {
  /** Shortest prefix; a shorter one is a mistake. */
  private static final int MIN_PREFIX = 16;

  /** What nobody's interface on an overlay can have (RFC 4291 section 2.4). */
  private static final List<Cidr6> UNUSABLE =
      List.of(Cidr6.parse("::/8"), Cidr6.parse("fe80::/10"), Cidr6.parse("ff00::/8"));

  private Ipv6RequestCheck() {}

  static NetworkRequestCheck.Addressing6 addressing(Networks.IpamConfig config) {
    Cidr6 subnet = subnet(NetworkRequestCheck.orEmpty(config.subnet()));
    String range = NetworkRequestCheck.orEmpty(config.ipRange());
    String gateway = NetworkRequestCheck.orEmpty(config.gateway());
    return new NetworkRequestCheck.Addressing6(
        subnet,
        range.isEmpty() ? null : range(subnet, range),
        gateway.isEmpty() ? null : gateway(subnet, gateway));
  }

  private static Cidr6 subnet(String text) {
    Cidr6 subnet = parse("subnet", text);
    if (subnet.prefix() < MIN_PREFIX) {
      throw Refusal.invalid(
          "ipam configuration: invalid subnet "
              + text
              + ": its prefix length must be at least "
              + MIN_PREFIX);
    }
    if (UNUSABLE.stream().anyMatch(subnet::overlaps)) {
      throw Refusal.invalid(
          "ipam configuration: invalid subnet " + text + ": hosts cannot have addresses of it");
    }
    return subnet;
  }

  private static Cidr6 range(Cidr6 subnet, String text) {
    Cidr6 range = parse("range", text);
    if (!subnet.contains(range)) {
      throw Refusal.invalid(
          "ipam configuration: subnet " + subnet + " does not contain range " + text);
    }
    return range;
  }

  private static Cidr6 parse(String what, String text) {
    try {
      return Cidr6.parse(text);
    } catch (IllegalArgumentException e) {
      throw Refusal.invalid("ipam configuration: invalid " + what + " " + text);
    }
  }

  private static Ipv6 gateway(Cidr6 subnet, String text) {
    Ipv6 gateway;
    try {
      gateway = Ipv6.parse(text);
    } catch (IllegalArgumentException e) {
      throw Refusal.invalid("ipam configuration: invalid gateway " + text);
    }
    if (!subnet.contains(gateway)) {
      throw Refusal.invalid(
          "ipam configuration: subnet " + subnet + " does not contain gateway " + text);
    }
    if (gateway.equals(subnet.network())) {
      throw Refusal.invalid(
          "ipam configuration: invalid gateway "
              + text
              + ": it is the anycast address of the routers of "
              + subnet);
    }
    return gateway;
  }

  /** Every IPv4 address has one that goes with it, so there must be as many. */
  static void checkSize(Cidr ipv4, Cidr6 ipv6) {
    int longest = AddressPairs.longestPrefix(ipv4);
    if (ipv6.prefix() > longest) {
      throw Refusal.invalid(
          "ipam configuration: "
              + ipv6
              + " is too small: every address of "
              + ipv4
              + " has an IPv6 address beside it, so the prefix length is "
              + longest
              + " at most");
    }
  }
}
