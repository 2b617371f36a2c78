package io.meshd.dataplane.sys;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A non-blocking UDP socket for IPv4 and IPv6 clients, in the network namespace of the thread that
 * opened it. It tells which of our addresses a datagram was sent to (IPV6_RECVPKTINFO, ipv6(7)), so
 * that an answer can leave from there.
 *
 * <p>It can be deaf: bound to an interface number that no interface can have, it keeps its port
 * from every other socket, but no datagram matches it, and the kernel answers the sender with port
 * unreachable.
 */
public final class DualUdpSocket implements AutoCloseable {
  private static final int NAME_SIZE = 28;
  private static final int IPPROTO_IPV6 = 41;
  private static final int IPV6_V6ONLY = 26;
  private static final int IPV6_RECVPKTINFO = 49;
  private static final int IPV6_MTU_DISCOVER = 23;
  private static final int IPPROTO_IP = 0;
  private static final int IP_MTU_DISCOVER = 10;
  private static final int PMTUDISC_DONT = 0;
  private static final int SOL_SOCKET = 1;
  private static final int SO_RCVBUF = 8;
  private static final int SO_RCVBUFFORCE = 33;
  private static final int SO_BINDTOIFINDEX = 62;
  private static final int NO_INTERFACE = Integer.MAX_VALUE;

  private final int fd;

  private DualUdpSocket(int fd) {
    this.fd = fd;
  }

  /**
   * Deaf at first.
   *
   * @param address 4 or 16 bytes; null for every address
   * @throws IOException when another socket has the port, or the address is not this machine's
   */
  public static DualUdpSocket bind(byte @Nullable [] address, int port) throws IOException {
    int fd =
        Errno.check(
            Libc.socket(Libc.AF_INET6, Libc.SOCK_DGRAM | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC, 0),
            "cannot make a UDP socket");
    DualUdpSocket socket = new DualUdpSocket(fd);
    try (Arena arena = Arena.ofConfined()) {
      Errno.check(Libc.setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0), "cannot serve IPv4 too");
      Errno.check(
          Libc.setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1), "cannot tell addresses apart");
      // What a client or a task sent in fragments goes on in fragments.
      Libc.setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_DONT);
      Libc.setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_DONT);
      MemorySegment name = arena.allocate(NAME_SIZE, 8);
      DatagramBatch.writeName(name, 0, high(address), low(address), port, 0);
      Errno.check(Libc.bind(fd, name, NAME_SIZE), "cannot bind");
      socket.deaf(true);
      return socket;
    } catch (IOException e) {
      Libc.close(fd);
      throw e;
    }
  }

  private static long high(byte @Nullable [] address) {
    return address == null || address.length == 4 ? 0 : bits(address, 0, 8);
  }

  private static long low(byte @Nullable [] address) {
    if (address == null) {
      return 0;
    }
    return address.length == 4 ? 0xFFFF_0000_0000L | bits(address, 0, 4) : bits(address, 8, 8);
  }

  private static long bits(byte[] address, int from, int count) {
    long value = 0;
    for (int i = from; i < from + count; i++) {
      value = value << 8 | (address[i] & 0xFF);
    }
    return value;
  }

  public int fd() {
    return fd;
  }

  /** Stops or begins to hear; the port stays ours. Needs CAP_NET_RAW. */
  public void deaf(boolean deaf) throws IOException {
    Errno.check(
        Libc.setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, deaf ? NO_INTERFACE : 0),
        deaf ? "cannot stop hearing" : "cannot begin to hear");
  }

  /** Beyond net.core.rmem_max where CAP_NET_ADMIN allows it. */
  public void receiveBuffer(int bytes) {
    if (Libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes) < 0) {
      Libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, bytes);
    }
  }

  @Override
  public void close() {
    Libc.close(fd);
  }
}
