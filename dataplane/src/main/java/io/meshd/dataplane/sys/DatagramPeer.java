package io.meshd.dataplane.sys;

/**
 * Both ends of a datagram on a {@link DualUdpSocket}: where it came from and which of our addresses
 * it was sent to, IPv4 as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2). Mutable, so that one object
 * serves all look-ups of a loop; what is kept in a map is a {@link #copy}.
 */
public final class DatagramPeer {
  long remoteHigh;
  long remoteLow;
  int remotePort;
  int scope;
  long localHigh;
  long localLow;

  public DatagramPeer copy() {
    DatagramPeer copy = new DatagramPeer();
    copy.remoteHigh = remoteHigh;
    copy.remoteLow = remoteLow;
    copy.remotePort = remotePort;
    copy.scope = scope;
    copy.localHigh = localHigh;
    copy.localLow = localLow;
    return copy;
  }

  /** Whether the client has an IPv4 address. */
  public boolean isIpv4() {
    return remoteHigh == 0 && remoteLow >>> 32 == 0xffff;
  }

  /** The client's, if it {@link #isIpv4}; first byte highest. */
  public int ipv4() {
    return (int) remoteLow;
  }

  /** The IPv4 address of ours that the client asked, if it {@link #isIpv4}. */
  public int askedIpv4() {
    return (int) localLow;
  }

  /** The client's address without its port, first byte first. */
  public byte[] remoteAddress() {
    byte[] bytes = new byte[16];
    for (int i = 0; i < 8; i++) {
      bytes[i] = (byte) (remoteHigh >>> (56 - 8 * i));
      bytes[8 + i] = (byte) (remoteLow >>> (56 - 8 * i));
    }
    return bytes;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof DatagramPeer that
        && remoteLow == that.remoteLow
        && remotePort == that.remotePort
        && localLow == that.localLow
        && remoteHigh == that.remoteHigh
        && localHigh == that.localHigh
        && scope == that.scope;
  }

  @Override
  public int hashCode() {
    long mixed = (remoteLow ^ Long.rotateLeft(remoteHigh, 32) ^ localLow) * 0x9E3779B97F4A7C15L;
    mixed = (mixed ^ (mixed >>> 32) ^ remotePort) * 0x9E3779B97F4A7C15L;
    return (int) (mixed >>> 32);
  }
}
