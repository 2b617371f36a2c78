package io.meshd.gossip.wire;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/**
 * Where a node listens, for packets and for streams alike.
 *
 * @param ip 4 or 16 bytes; an IPv4 address is always 4, so that one node has one address
 */
public record Address(Bytes ip, int port) {
  private static final byte[] MAPPED = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1};

  /** Brings an IPv4 address in 16 bytes to its 4. */
  public Address {
    if (ip.length() != 4 && ip.length() != 16) {
      throw new IllegalArgumentException("an address has 4 or 16 bytes, not " + ip.length());
    }
    if (ip.length() == 16 && Arrays.equals(ip.array(), 0, 12, MAPPED, 0, 12)) {
      ip = Bytes.owning(Arrays.copyOfRange(ip.array(), 12, 16));
    }
  }

  /** Of a resolved socket address. */
  public static Address of(InetSocketAddress address) {
    return new Address(Bytes.owning(address.getAddress().getAddress()), address.getPort());
  }

  /** For the sockets of the JDK and of Netty. */
  public InetSocketAddress toSocketAddress() {
    return new InetSocketAddress(inet(), port);
  }

  private InetAddress inet() {
    try {
      return InetAddress.getByAddress(ip.array());
    } catch (UnknownHostException e) {
      throw new IllegalStateException("the length was checked", e);
    }
  }

  /** As {@code 10.0.0.1:7946} or {@code [fd00::1]:7946}. */
  @Override
  public String toString() {
    String host = inet().getHostAddress();
    return (ip.length() == 16 ? "[" + host + "]" : host) + ":" + port;
  }
}
