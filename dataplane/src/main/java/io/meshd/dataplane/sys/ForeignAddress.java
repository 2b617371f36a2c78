package io.meshd.dataplane.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Binds sockets to addresses that the machine does not have (IP_TRANSPARENT, ip(7)), from a range
 * of ports. Needs CAP_NET_ADMIN; the answers must be led back by policy routing.
 */
public final class ForeignAddress {
  private static final int IPPROTO_IP = 0;
  private static final int IP_TRANSPARENT = 19;
  private static final int IP_BIND_ADDRESS_NO_PORT = 24;

  /** The first port in the low half, the last in the high one; since Linux 6.3 (linux/in.h). */
  private static final int IP_LOCAL_PORT_RANGE = 51;

  private ForeignAddress() {}

  /**
   * For a TCP socket: the port is chosen when it connects, so that one port serves for several
   * destinations; {@link Errno#EADDRNOTAVAIL} then says that none is left.
   *
   * @param address IPv4, first byte highest
   * @return 0, or {@code -errno} and the socket is good for nothing
   */
  public static int bindTcp(int fd, int address, int firstPort, int lastPort) {
    int late = Libc.setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    return late < 0 ? late : bind(fd, address, firstPort, lastPort);
  }

  /**
   * For a UDP socket: the port is chosen now, and is this socket's alone; {@link Errno#EADDRINUSE}
   * says that none is left.
   */
  public static int bindUdp(int fd, int address, int firstPort, int lastPort) {
    return bind(fd, address, firstPort, lastPort);
  }

  private static int bind(int fd, int address, int firstPort, int lastPort) {
    int transparent = Libc.setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, 1);
    if (transparent < 0) {
      return transparent;
    }
    int range = Libc.setsockopt(fd, IPPROTO_IP, IP_LOCAL_PORT_RANGE, lastPort << 16 | firstPort);
    if (range < 0) {
      return range;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocate(Messages.SocketAddress4.SIZE, JAVA_INT.byteAlignment());
      Messages.SocketAddress4.write(name, 0, address, 0);
      return Libc.bind(fd, name, Messages.SocketAddress4.SIZE);
    }
  }
}
