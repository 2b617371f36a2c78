package io.meshd.daemon.state;

import org.jspecify.annotations.Nullable;

/**
 * A network's IPv6 beside its IPv4. Nothing of it is allocated by itself: every IPv4 address of the
 * network has an IPv6 address that goes with it ({@link NetworkRecord#pairs}).
 *
 * @param subnet CIDR, fd00:9::/64
 * @param ipRange the part of it that addresses are taken from, or null for all of it
 * @param gateway fd00:9::1
 */
public record Ipv6Subnet(String subnet, @Nullable String ipRange, String gateway) {
  /** Of {@link #subnet}. */
  public int prefixLength() {
    return Integer.parseInt(subnet.substring(subnet.indexOf('/') + 1));
  }
}
