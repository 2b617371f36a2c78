package io.meshd.dataplane.switching;

import io.meshd.dataplane.lb.ServiceTable;
import org.jspecify.annotations.Nullable;

/**
 * Who has a MAC and an IP on a network.
 *
 * @param ipv6High first half of its IPv6 address; with the other one 0 when it has none
 * @param slot the local port's number, or {@link #NO_SLOT}: remote, or a port without TAP
 * @param vtep underlay address of the node it is behind; 0 for this node
 * @param service what answers for a virtual address; null for others
 */
record Station(
    Kind kind,
    long mac,
    int ip,
    long ipv6High,
    long ipv6Low,
    int slot,
    int vtep,
    @Nullable ServiceTable service) {
  static final int NO_SLOT = -1;

  enum Kind {
    /** A task's or somebody else's endpoint. */
    ENDPOINT,
    /** A node's own address, on its node port. */
    NODE,
    /** The gateway's address, on this node's node port; the same on every node. */
    GATEWAY,
    /** A service's virtual address: on every node, and behind none. */
    VIRTUAL
  }

  boolean isLocal() {
    return vtep == 0;
  }

  boolean isNodePort() {
    return kind == Kind.NODE || kind == Kind.GATEWAY;
  }

  boolean hasIpv6() {
    return (ipv6High | ipv6Low) != 0;
  }

  /** Whether it also has the link-local address of its MAC. */
  boolean hasLinkLocal() {
    return kind == Kind.ENDPOINT && hasIpv6();
  }

  /** Whether it may send from this IPv6 address. */
  boolean ownsIpv6(long high, long low) {
    return hasIpv6()
        && ((high == ipv6High && low == ipv6Low)
            || (high == LinkLocal.PREFIX && low == LinkLocal.of(mac) && hasLinkLocal()));
  }
}
