package io.meshd.daemon.ingress;

import io.meshd.daemon.ingress.IngressPort.ClientAddress;
import io.meshd.dataplane.sys.DatagramPeer;
import io.meshd.dataplane.sys.Errno;
import io.meshd.dataplane.sys.ForeignAddress;
import io.meshd.dataplane.sys.SocketAddress;
import io.meshd.ipam.Cidr;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * How a published port keeps its clients' addresses: which it can keep, and how often it did and
 * did not. {@link #use} is called by one thread, the rest by any.
 */
final class Preservation {
  private static final int LOOPBACK_NET = 127;

  private final LongAdder kept = new LongAdder();
  private final Map<Fallback, LongAdder> fallbacks = new EnumMap<>(Fallback.class);
  private volatile boolean wanted;
  private volatile boolean everWanted;
  private volatile Preserving node = Preserving.NONE;

  Preservation() {
    for (Fallback reason : Fallback.values()) {
      fallbacks.put(reason, new LongAdder());
    }
  }

  void use(IngressPort port) {
    node = port.preserving();
    wanted = port.clientAddress() == ClientAddress.PRESERVE;
    everWanted |= wanted;
  }

  /** The port is given up. */
  void end() {
    wanted = false;
  }

  /** Now or earlier. */
  boolean wasWanted() {
    return everWanted;
  }

  boolean isWanted() {
    return wanted;
  }

  /**
   * Whether the client's address can be kept; counted if not.
   *
   * @param client IPv4, first byte highest
   * @param asked the address of this node that the client asked
   */
  boolean admits(int client, int asked) {
    Fallback reason = obstacle(client, asked);
    return reason == null || fallBack(reason);
  }

  /** Why the client's address cannot be kept; null where nothing is known against it. */
  @Nullable Fallback obstacle(int client, int asked) {
    Preserving now = node;
    if (now.firstPort() == 0) {
      return Fallback.NO_SLICE;
    }
    if (client == asked || client >>> 24 == LOOPBACK_NET) {
      return Fallback.NODE_CLIENT;
    }
    for (Cidr net : now.ours()) {
      if (net.contains(client)) {
        return Fallback.CLUSTER_CLIENT;
      }
    }
    return null;
  }

  /** The first of the ports from which this node asks in clients' names; 0 for none. */
  int firstPort() {
    return node.firstPort();
  }

  boolean admits(Client client, SocketAddress asked) {
    return client.ipv4()
        ? admits((int) client.low(), asked.isIpv4() ? asked.ipv4() : 0)
        : fallBack(Fallback.IPV6_CLIENT);
  }

  boolean admits(DatagramPeer peer) {
    return peer.isIpv4() ? admits(peer.ipv4(), peer.askedIpv4()) : fallBack(Fallback.IPV6_CLIENT);
  }

  /** Gives a TCP socket the client's address; 0, or {@code -errno} of a socket to be closed. */
  int bindTcp(int fd, int client) {
    Preserving now = node;
    return ForeignAddress.bindTcp(fd, client, now.firstPort(), now.lastPort());
  }

  /** The same for a UDP socket. */
  int bindUdp(int fd, int client) {
    Preserving now = node;
    return ForeignAddress.bindUdp(fd, client, now.firstPort(), now.lastPort());
  }

  void kept() {
    kept.increment();
  }

  /** Always false. */
  boolean fallBack(Fallback reason) {
    LongAdder adder = fallbacks.get(reason);
    if (adder != null) {
      adder.increment();
    }
    return false;
  }

  /**
   * Counts why a socket could not have the client's address.
   *
   * @param errno of bind or connect
   */
  void failed(int errno) {
    fallBack(
        errno == Errno.EADDRNOTAVAIL || errno == Errno.EADDRINUSE || errno == Errno.EAGAIN
            ? Fallback.SLICE_EXHAUSTED
            : Fallback.UNSUPPORTED);
  }

  /** Label to value. */
  void counts(BiConsumer<String, Long> into) {
    into.accept("kept", kept.sum());
    fallbacks.forEach((reason, adder) -> into.accept("fallback." + reason.label(), adder.sum()));
  }
}
