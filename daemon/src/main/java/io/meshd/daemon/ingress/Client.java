package io.meshd.daemon.ingress;

import io.meshd.dataplane.sys.SocketAddress;

/**
 * An accepted socket and who is at its other end.
 *
 * @param ipv4 an IPv4 address is in the low half of {@code low}
 * @param high first eight bytes of an IPv6 address
 * @param low the other eight
 */
record Client(int fd, boolean ipv4, long high, long low, int port) {

  static Client of(int fd, SocketAddress peer) {
    return peer.isIpv4()
        ? new Client(fd, true, 0, peer.ipv4() & 0xffffffffL, peer.port())
        : new Client(fd, false, peer.high(), peer.low(), peer.port());
  }
}
