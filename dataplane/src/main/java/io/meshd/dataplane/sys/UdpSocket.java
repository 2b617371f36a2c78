package io.meshd.dataplane.sys;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A non-blocking IPv4 UDP socket in the network namespace of the thread that opened it. Its
 * descriptor is for {@link Libc#sendmmsg}, {@link Libc#recvmmsg} and epoll.
 */
public final class UdpSocket implements AutoCloseable {
  private static final int SOL_SOCKET = 1;
  private static final int SO_RCVBUF = 8;
  private static final int SO_SNDBUFFORCE = 32;
  private static final int SO_RCVBUFFORCE = 33;
  private static final int IPPROTO_IP = 0;
  private static final int IP_MTU_DISCOVER = 10;
  private static final int IP_RECVERR = 11;
  private static final int IP_PMTUDISC_PROBE = 3;
  private static final int IP_PMTUDISC_OMIT = 5;
  private static final int SOL_UDP = 17;
  private static final int UDP_GRO = 104;

  private final int fd;

  private UdpSocket(int fd) {
    this.fd = fd;
  }

  /**
   * @param address first byte highest
   * @param port 0 for any
   * @param what names the socket in errors: "10.0.0.1:4789/udp"
   */
  public static UdpSocket bind(int address, int port, String what) throws IOException {
    int fd =
        Errno.check(
            Libc.socket(Libc.AF_INET, Libc.SOCK_DGRAM | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC, 0),
            "cannot make a UDP socket");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocate(Messages.SocketAddress4.SIZE, 8);
      Messages.SocketAddress4.write(name, 0, address, port);
      Errno.check(Libc.bind(fd, name, Messages.SocketAddress4.SIZE), "cannot listen on " + what);
      return new UdpSocket(fd);
    } catch (IOException e) {
      Libc.close(fd);
      throw e;
    }
  }

  /**
   * A socket that sends to and hears from one peer only; ICMP errors of that peer are results of
   * its calls (udp(7)).
   *
   * @param address first byte highest
   * @param port 1-65535
   */
  public static UdpSocket connect(int address, int port) throws IOException {
    return connect(unbound(), address, port);
  }

  /** A socket to be bound by its descriptor, and then connected. */
  public static int unbound() throws IOException {
    return Errno.check(
        Libc.socket(Libc.AF_INET, Libc.SOCK_DGRAM | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC, 0),
        "cannot make a UDP socket");
  }

  /** The same with a descriptor of one's own, which is closed when that fails. */
  public static UdpSocket connect(int fd, int address, int port) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocate(Messages.SocketAddress4.SIZE, 8);
      Messages.SocketAddress4.write(name, 0, address, port);
      Errno.check(
          Libc.connect(fd, name.address(), Messages.SocketAddress4.SIZE),
          "cannot connect a UDP socket");
      return new UdpSocket(fd);
    } catch (IOException e) {
      Libc.close(fd);
      throw e;
    }
  }

  public int fd() {
    return fd;
  }

  /** Lets the kernel join datagrams of a flow (UDP_GRO, since Linux 5.0); false if it cannot. */
  public boolean joinDatagrams() {
    return Libc.setsockopt(fd, SOL_UDP, UDP_GRO, 1) >= 0;
  }

  /**
   * Sends without DF: what is larger than a path's MTU is fragmented, here only what is larger than
   * the interface's. What the kernel has heard of a path (RFC 1191) is neither asked nor changed,
   * as it keeps that for minutes after it has ceased to be true.
   */
  public void allowFragments() throws IOException {
    Errno.check(
        Libc.setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT),
        "cannot clear DF on a UDP socket");
  }

  /**
   * Sends with DF, whatever the kernel knows of the path, and keeps what is said of datagrams for
   * an {@link ErrorQueue}.
   */
  public void probing() throws IOException {
    Errno.check(
        Libc.setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE),
        "cannot set DF on a UDP socket");
    Errno.check(
        Libc.setsockopt(fd, IPPROTO_IP, IP_RECVERR, 1), "cannot hear of errors on a UDP socket");
  }

  /** Beyond net.core.rmem_max where CAP_NET_ADMIN allows it. */
  public void receiveBuffer(int bytes) {
    if (Libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes) < 0) {
      Libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUF, bytes);
    }
  }

  public void sendBuffer(int bytes) {
    Libc.setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, bytes);
  }

  @Override
  public void close() {
    Libc.close(fd);
  }
}
