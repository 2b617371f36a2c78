package io.meshd.daemon.ingress;

import io.meshd.dataplane.lb.MaglevTable;
import io.meshd.dataplane.sys.Libc;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A published TCP port: without a ready backend it does not listen, so that the kernel refuses. */
final class TcpPort implements PublishedPort {
  private static final Logger LOG = LoggerFactory.getLogger(TcpPort.class);

  private static final int NONE = -1;

  private final ProxyLoops loops;
  private final Route route;
  private IngressPort desired;
  private int reservation = NONE;
  private @Nullable Listener listener;
  private @Nullable BindError error;

  TcpPort(IngressPort desired, ProxyLoops loops, int limit) {
    this.desired = desired;
    this.loops = loops;
    route = new Route(limit, loops.counters().preservation(desired));
  }

  @Override
  public void apply(IngressPort wanted) {
    boolean preserved = route.preservation().isWanted();
    desired = wanted;
    route.use(wanted);
    if (preserved && !route.preservation().isWanted()) {
      cutPreserved();
    }
    try {
      if (reservation == NONE) {
        reservation = HostSockets.reserve(wanted.hostIp(), wanted.publishedPort());
      }
      if (route.pool().size() == 0) {
        stopListening();
      } else if (listener == null) {
        listener =
            Listener.open(
                HostSockets.listen(wanted.hostIp(), wanted.publishedPort()), route, loops);
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
  public PortTrial tryConnection(int client, int asked) {
    long hash = MaglevTable.hash(client);
    return PortTrial.of(desired, error, route.pool(), route.preservation(), client, hash, asked);
  }

  @Override
  public PortStatus status() {
    return new PortStatus(
        BindError.name(desired),
        desired.serviceName(),
        route.open(),
        route.entered(),
        route.pool().size(),
        error == null);
  }

  @Override
  public void unpublish() {
    stopListening();
    if (route.preservation().isWanted()) {
      route.preservation().end();
      cutPreserved();
    }
    if (reservation != NONE) {
      Libc.close(reservation);
      reservation = NONE;
    }
  }

  /** Nothing leads the answers of its tasks here any more. */
  private void cutPreserved() {
    loops.onEach(loop -> loop.cutPreserved(route));
  }

  @Override
  public void stopListening() {
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
