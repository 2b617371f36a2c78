package io.meshd.dataplane.underlay;

import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.PathTiming;
import io.meshd.dataplane.switching.LoopCounters;
import io.meshd.dataplane.sys.UdpSocket;
import io.meshd.dataplane.vxlan.PathTable;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The sockets of a VTEP: one bound to its address and VXLAN's port that receives, and per loop a
 * pool whose ephemeral source ports stand for hashes of inner flows (RFC 7348 section 5), so that
 * routers and receive queues spread them. All lie in the network namespace of the thread that
 * opened them. Outer DF is not set, as kernel VXLAN leaves it.
 */
public final class UdpUnderlay implements AutoCloseable {
  /** Where no device shows the address, as with those of loopback but the first. */
  private static final int DEFAULT_MTU = 1500;

  /** Source ports per loop; a power of two. */
  static final int PORTS = 8;

  private static final int RECEIVE_BUFFER = 4 << 20;
  private static final int SEND_BUFFER = 4 << 20;

  /** A sending socket is never read; what somebody sends to it is to take little memory. */
  private static final int UNREAD_BUFFER = 4096;

  private final List<UdpSocket> sockets = new ArrayList<>();
  private final UdpSocket receiving;
  private final int port;
  private final int mtu;

  private UdpUnderlay(UdpSocket receiving, int port, int mtu) {
    this.receiving = receiving;
    this.port = port;
    this.mtu = mtu;
    sockets.add(receiving);
  }

  /**
   * @throws IOException in words when the address is not this namespace's or the port is taken
   */
  public static UdpUnderlay open(Ipv4Address vtep, int port) throws IOException {
    UdpSocket receiving = UdpSocket.bind(vtep.bits(), port, vtep + ":" + port + "/udp");
    try {
      receiving.receiveBuffer(RECEIVE_BUFFER);
      receiving.joinDatagrams();
      return new UdpUnderlay(receiving, port, mtu(vtep));
    } catch (IOException e) {
      receiving.close();
      throw e;
    }
  }

  private static int mtu(Ipv4Address vtep) throws IOException {
    InetAddress address = Inet4Address.getByName(vtep.toString());
    NetworkInterface device = NetworkInterface.getByInetAddress(address);
    return device == null || device.isLoopback() ? DEFAULT_MTU : device.getMTU();
  }

  /** Makes the sockets that one loop sends from; call it where {@link #open} was called. */
  public UnderlaySender sender(Ipv4Address vtep, LoopCounters counters) throws IOException {
    int[] descriptors = new int[PORTS];
    for (int i = 0; i < PORTS; i++) {
      UdpSocket socket = UdpSocket.bind(vtep.bits(), 0, vtep + "/udp");
      sockets.add(socket);
      socket.allowFragments();
      socket.sendBuffer(SEND_BUFFER);
      socket.receiveBuffer(UNREAD_BUFFER);
      descriptors[i] = socket.fd();
    }
    return new UnderlaySender(descriptors, port, counters);
  }

  public int receivingDescriptor() {
    return receiving.fd();
  }

  /**
   * Asks what paths carry; call it where {@link #open} was called.
   *
   * @param changed is told of each change, on the thread that uses the prober
   */
  public PathProber prober(
      Ipv4Address vtep, PathTiming timing, Consumer<PathTable> changed, LoopCounters counters)
      throws IOException {
    UdpSocket socket = UdpSocket.bind(vtep.bits(), 0, vtep + "/udp");
    sockets.add(socket);
    socket.probing();
    socket.receiveBuffer(UNREAD_BUFFER);
    return new PathProber(socket.fd(), port, mtu, timing, changed, counters);
  }

  /** MTU of the interface that has the VTEP's address, as it was at first; 1500 on loopback. */
  public int mtu() {
    return mtu;
  }

  @Override
  public void close() {
    sockets.forEach(UdpSocket::close);
  }
}
