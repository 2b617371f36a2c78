package io.meshd.daemon.ingress;

import io.meshd.dataplane.sys.Errno;
import io.meshd.dataplane.sys.Libc;
import io.meshd.dataplane.sys.SocketAddress;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * The sockets of a published port in the host namespace. They belong to the namespace of the
 * calling thread.
 *
 * <p>Theory of operation. A published port is held from the moment it is published by a
 * <i>reservation</i>: a TCP socket that is bound and never listens, so that the kernel refuses
 * connections and no other process can take the port. While there are backends a second socket
 * listens on the same port, allowed by SO_REUSEPORT on both. Two things need care:
 *
 * <ul>
 *   <li>SO_REUSEPORT alone would let us join the listener of another process of root unseen. So the
 *       first bind is done without it (with SO_REUSEADDR, for connections of an earlier daemon that
 *       are closing), and fails if anybody else holds the port.
 *   <li>A bound socket with SO_REUSEADDR that does not listen lets every other socket with
 *       SO_REUSEADDR in, which is what nearly all servers set. So the port is bound once more
 *       without it, and that second socket is the one that is kept.
 * </ul>
 */
final class HostSockets {
  /** Connections that wait for accept(); the kernel caps it by net.core.somaxconn. */
  private static final int BACKLOG = 4096;

  private static final int SOL_SOCKET = 1;
  private static final int SO_REUSEADDR = 2;
  private static final int SO_REUSEPORT = 15;
  private static final int IPPROTO_IPV6 = 41;
  private static final int IPV6_V6ONLY = 26;

  private static final boolean IPV6 = hasIpv6();

  private HostSockets() {}

  /**
   * Holds a port: bound, not listening.
   *
   * @param hostIp the only address to bind, or null for [::] and so for 0.0.0.0 too
   * @return the descriptor, the caller's to close
   * @throws IOException when another process holds the port
   */
  static int reserve(@Nullable String hostIp, int port) throws IOException {
    int first = socket(hostIp);
    try {
      set(first, SO_REUSEADDR, 1);
      bind(first, hostIp, port);
      set(first, SO_REUSEADDR, 0);
      set(first, SO_REUSEPORT, 1);
    } catch (IOException e) {
      Libc.close(first);
      throw e;
    }
    int second = socket(hostIp);
    try {
      set(second, SO_REUSEPORT, 1);
      bind(second, hostIp, port);
    } catch (IOException e) {
      // A closing connection of a former holder: the weaker reservation has to do.
      Libc.close(second);
      return first;
    }
    Libc.close(first);
    return second;
  }

  /**
   * A socket that listens beside this port's reservation, and whose accepted sockets have the
   * options of {@link SocketTuning#listener}.
   *
   * @return the descriptor, the caller's to close
   */
  static int listen(@Nullable String hostIp, int port) throws IOException {
    int fd = socket(hostIp);
    try {
      set(fd, SO_REUSEADDR, 1);
      set(fd, SO_REUSEPORT, 1);
      bind(fd, hostIp, port);
      SocketTuning.listener(fd);
      Errno.check(Libc.listen(fd, BACKLOG), "listen");
      return fd;
    } catch (IOException e) {
      Libc.close(fd);
      throw e;
    }
  }

  private static boolean hasIpv6() {
    int fd = Libc.socket(Libc.AF_INET6, Libc.SOCK_STREAM | Libc.SOCK_CLOEXEC, 0);
    if (fd < 0) {
      return false;
    }
    Libc.close(fd);
    return true;
  }

  private static int socket(@Nullable String hostIp) throws IOException {
    boolean v6 = address(hostIp) instanceof Inet6Address;
    int fd =
        Errno.check(
            Libc.socket(
                v6 ? Libc.AF_INET6 : Libc.AF_INET,
                Libc.SOCK_STREAM | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC,
                0),
            "socket");
    if (v6) {
      Libc.setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    }
    return fd;
  }

  private static void set(int fd, int option, int value) throws IOException {
    Errno.check(Libc.setsockopt(fd, SOL_SOCKET, option, value), "setsockopt");
  }

  private static void bind(int fd, @Nullable String hostIp, int port) throws IOException {
    SocketAddress address = new SocketAddress(address(hostIp), port);
    Errno.check(Libc.bind(fd, address.address(), address.length()), "bind");
  }

  private static InetAddress address(@Nullable String hostIp) {
    return InetAddress.ofLiteral(hostIp == null ? IPV6 ? "::" : "0.0.0.0" : hostIp);
  }
}
