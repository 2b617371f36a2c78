package io.meshd.daemon.ingress;

import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
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

  private HostSockets() {}

  /**
   * Holds a port: bound, not listening.
   *
   * @param hostIp the only address to bind, or null for [::] and so for 0.0.0.0 too
   * @throws IOException when another process holds the port
   */
  static Socket reserve(@Nullable String hostIp, int port) throws IOException {
    Socket first = Socket.newSocketStream();
    try {
      first.setReuseAddress(true);
      first.bind(address(hostIp, port));
      first.setReuseAddress(false);
      first.setReusePort(true);
    } catch (IOException | RuntimeException e) {
      first.close();
      throw e;
    }
    Socket second = Socket.newSocketStream();
    try {
      second.setReusePort(true);
      second.bind(address(hostIp, port));
    } catch (IOException e) {
      // A closing connection of a former holder: the weaker reservation has to do.
      second.close();
      return first;
    }
    first.close();
    return second;
  }

  /** A socket that listens beside this port's reservation. */
  static Socket listen(@Nullable String hostIp, int port) throws IOException {
    Socket socket = Socket.newSocketStream();
    try {
      socket.setReuseAddress(true);
      socket.setReusePort(true);
      socket.bind(address(hostIp, port));
      socket.listen(BACKLOG);
      return socket;
    } catch (IOException | RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  private static InetSocketAddress address(@Nullable String hostIp, int port) {
    String any = Socket.isIPv6Preferred() ? "::" : "0.0.0.0";
    return new InetSocketAddress(InetAddress.ofLiteral(hostIp == null ? any : hostIp), port);
  }
}
