package io.meshd.daemon.ingress;

import io.meshd.dataplane.lb.MaglevTable;
import io.meshd.dataplane.sys.DualUdpSocket;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One published UDP port on this node: held always, hearing while there is a ready backend, so that
 * without one the kernel tells clients that the port is unreachable. All methods are called by the
 * host thread only.
 */
final class UdpPort implements PublishedPort {
  private static final Logger LOG = LoggerFactory.getLogger(UdpPort.class);

  private final ProxyLoops loops;
  private final BackendPool pool = new BackendPool();
  private final Preservation preservation;
  private IngressPort desired;
  private @Nullable DualUdpSocket socket;
  private @Nullable UdpServer server;
  private @Nullable BindError error;

  UdpPort(IngressPort desired, ProxyLoops loops) {
    this.desired = desired;
    this.loops = loops;
    preservation = loops.counters().preservation(desired);
  }

  @Override
  public void apply(IngressPort wanted) {
    boolean preserved = preservation.isWanted();
    desired = wanted;
    preservation.use(wanted);
    pool.replace(wanted.backends(), wanted.balancing());
    try {
      if (server == null || socket == null) {
        String ip = wanted.hostIp();
        DualUdpSocket bound =
            DualUdpSocket.bind(
                ip == null ? null : InetAddress.ofLiteral(ip).getAddress(), wanted.publishedPort());
        socket = bound;
        server =
            UdpServer.open(
                loops.nextForHandles(),
                bound,
                pool,
                loops.counters(),
                preservation,
                UdpServer.MOST_SESSIONS);
      }
      server.keepOnly(wanted.backends());
      if (preserved != preservation.isWanted()) {
        server.restart();
      }
      socket.deaf(pool.size() == 0);
      if (error != null) {
        LOG.info("port {} is free now and answers", BindError.name(wanted));
        error = null;
      }
    } catch (IOException e) {
      loops.counters().count(IngressCounter.BIND_FAILED);
      BindError next = BindError.of(wanted, e);
      if (!next.equals(error)) {
        LOG.warn("service {}: {}", wanted.serviceName(), next.message());
        error = next;
      }
    }
  }

  @Override
  public void retry() {
    if (error != null) {
      apply(desired);
    }
  }

  @Override
  public @Nullable BindError error() {
    return error;
  }

  @Override
  public PortTrial tryConnection(int client, int asked) {
    byte[] address = ByteBuffer.allocate(Integer.BYTES).putInt(client).array();
    long hash = MaglevTable.hash(Arrays.hashCode(address));
    return PortTrial.of(desired, error, pool, preservation, client, hash, asked);
  }

  @Override
  public PortStatus status() {
    UdpServer.Sessions sessions = server == null ? UdpServer.NO_SESSIONS : server.count();
    return new PortStatus(
        BindError.name(desired),
        desired.serviceName(),
        sessions.open(),
        sessions.begun(),
        pool.size(),
        error == null);
  }

  /** A datagram is not begun: whoever has a session goes on, and others find one. */
  @Override
  public void pause() {}

  @Override
  public void stopListening() {}

  @Override
  public void release() {
    unpublish();
  }

  /** Gives the port up; a session has nobody to tell its client, so it ends. */
  @Override
  public void unpublish() {
    preservation.end();
    if (server != null) {
      server.shutDown();
      server = null;
      socket = null;
    }
  }
}
