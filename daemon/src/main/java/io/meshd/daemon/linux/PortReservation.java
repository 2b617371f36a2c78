package io.meshd.daemon.linux;

import io.meshd.dataplane.sys.DualUdpSocket;
import io.meshd.dataplane.sys.Netns;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A port that is kept from every other process and answers nobody: to TCP the kernel says reset, to
 * UDP port unreachable. What rules lead elsewhere before a socket is looked for is not concerned.
 */
public final class PortReservation implements AutoCloseable {
  private final AutoCloseable socket;

  private PortReservation(AutoCloseable socket) {
    this.socket = socket;
  }

  /**
   * @param netns of the port, null for the daemon's own
   * @param hostIp the only address to hold it on, dotted IPv4; null for all, IPv6 too
   * @throws IOException in words that name the process that has it
   */
  public static PortReservation hold(
      @Nullable Path netns, String protocol, @Nullable String hostIp, int port) throws IOException {
    if (netns == null) {
      return hold(protocol, hostIp, port);
    }
    try {
      return Netns.call(netns, () -> hold(protocol, hostIp, port));
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException(e);
    }
  }

  private static PortReservation hold(String protocol, @Nullable String hostIp, int port)
      throws IOException {
    InetAddress address = hostIp == null ? null : InetAddress.ofLiteral(hostIp);
    try {
      return new PortReservation(
          protocol.equals("udp")
              ? DualUdpSocket.bind(address == null ? null : address.getAddress(), port)
              : tcp(address == null ? InetAddress.ofLiteral("::") : address, port));
    } catch (IOException e) {
      String name = (hostIp == null ? "" : hostIp + ":") + port + "/" + protocol;
      if (address != null && NetworkInterface.getByInetAddress(address) == null) {
        throw new IOException(
            "port " + name + " cannot be published: the node has no address " + hostIp, e);
      }
      throw new IOException(
          "port "
              + name
              + " is already in use"
              + PortHolder.find(protocol, port).map(holder -> " by " + holder).orElse(""),
          e);
    }
  }

  private static Socket tcp(InetAddress address, int port) throws IOException {
    try {
      return bound(address, port, false);
    } catch (IOException e) {
      if (PortHolder.serving("tcp", null, port).isPresent()) {
        throw e;
      }
      // Connections of a former holder that are still closing: the weaker hold has to do.
      return bound(address, port, true);
    }
  }

  private static Socket bound(InetAddress address, int port, boolean reuse) throws IOException {
    Socket socket = new Socket();
    try {
      socket.setReuseAddress(reuse);
      socket.bind(new InetSocketAddress(address, port));
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  @Override
  public void close() throws IOException {
    try {
      socket.close();
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException(e);
    }
  }
}
