package io.meshd.daemon.ingress;

import io.meshd.dataplane.lb.MaglevTable;
import io.meshd.dataplane.sys.SocketAddress;

/**
 * An accepted socket and who is at its other end.
 *
 * @param ipv4 an IPv4 address is in the low half of {@code low}
 * @param high first eight bytes of an IPv6 address
 * @param low the other eight
 */
record Client(int fd, boolean ipv4, long high, long low, int port) {

  /** Of the address alone, the same on every node. */
  long hash() {
    return ipv4
        ? MaglevTable.hash((int) low)
        : MaglevTable.hash(Long.hashCode(high * 31 + Long.rotateLeft(low, 32)));
  }

  static Client of(int fd, SocketAddress peer) {
    return peer.isIpv4()
        ? new Client(fd, true, 0, peer.ipv4() & 0xffffffffL, peer.port())
        : new Client(fd, false, peer.high(), peer.low(), peer.port());
  }
}
