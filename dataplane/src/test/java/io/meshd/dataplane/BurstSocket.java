package io.meshd.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshd.dataplane.sys.Errno;
import io.meshd.dataplane.sys.Libc;
import io.meshd.dataplane.sys.Netns;
import io.meshd.dataplane.sys.SocketAddress;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;

/** A UDP socket that sends many datagrams of one size in one call (UDP_SEGMENT, udp(7)). */
final class BurstSocket implements AutoCloseable {
  private static final int SOL_UDP = 17;
  private static final int UDP_SEGMENT = 103;

  private final int fd;

  private BurstSocket(int fd) {
    this.fd = fd;
  }

  /**
   * @param port 0 for any
   * @param size of each datagram but the last
   */
  static BurstSocket bind(String namespace, String address, int port, int size) throws Exception {
    return Netns.call(
        TestNamespaces.path(namespace),
        () -> {
          SocketAddress local = new SocketAddress(InetAddress.ofLiteral(address), port);
          int fd =
              Errno.check(Libc.socket(local.family(), Libc.SOCK_DGRAM, 0), "cannot make a socket");
          BurstSocket socket = new BurstSocket(fd);
          Errno.check(Libc.bind(fd, local.address(), local.length()), "cannot bind");
          Errno.check(Libc.setsockopt(fd, SOL_UDP, UDP_SEGMENT, size), "no UDP_SEGMENT");
          return socket;
        });
  }

  void send(byte[] data, String to, int port) throws IOException {
    SocketAddress peer = new SocketAddress(InetAddress.ofLiteral(to), port);
    Errno.check(Libc.connect(fd, peer.address(), peer.length()), "cannot connect");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(data.length);
      MemorySegment.copy(MemorySegment.ofArray(data), 0, bytes, 0, data.length);
      assertEquals(data.length, Libc.send(fd, bytes.address(), data.length, 0));
    }
  }

  @Override
  public void close() {
    Libc.close(fd);
  }
}
