package io.meshd.daemon.ingress;

import io.netty.channel.unix.Socket;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A published TCP port: without a ready backend it does not listen, so that the kernel refuses. */
final class TcpPort implements PublishedPort {
  private static final Logger LOG = LoggerFactory.getLogger(TcpPort.class);

  private final ProxyLoops loops;
  private final BackendPool pool = new BackendPool();
  private IngressPort desired;
  private @Nullable Socket reservation;
  private @Nullable Listener listener;
  private @Nullable BindError error;

  TcpPort(IngressPort desired, ProxyLoops loops) {
    this.desired = desired;
    this.loops = loops;
  }

  @Override
  public void apply(IngressPort wanted) {
    desired = wanted;
    pool.replace(wanted.backends());
    try {
      if (reservation == null) {
        reservation = HostSockets.reserve(wanted.hostIp(), wanted.publishedPort());
      }
      if (pool.size() == 0) {
        stopListening();
      } else if (listener == null) {
        listener =
            Listener.open(HostSockets.listen(wanted.hostIp(), wanted.publishedPort()), pool, loops);
        loops.counters().count(IngressCounter.LISTEN_OPENED);
      }
      if (error != null) {
        LOG.info("port {} is free now and answers", BindError.name(wanted));
        error = null;
      }
    } catch (IOException e) {
      loops.counters().count(IngressCounter.BIND_FAILED);
      report(e);
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
  public void unpublish() {
    stopListening();
    if (reservation != null) {
      try {
        reservation.close();
      } catch (IOException e) {
        LOG.warn("closing port {}/tcp: {}", desired.publishedPort(), e.getMessage());
      }
      reservation = null;
    }
  }

  private void stopListening() {
    if (listener != null) {
      listener.close();
      listener = null;
      loops.counters().count(IngressCounter.LISTEN_CLOSED);
    }
  }

  private void report(IOException cause) {
    BindError next = BindError.of(desired, cause);
    if (!next.equals(error)) {
      LOG.warn("service {}: {}", desired.serviceName(), next.message());
      error = next;
    }
  }
}
