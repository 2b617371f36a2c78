package io.meshd.daemon.ingress;

import io.meshd.daemon.linux.SocketKeeper;
import io.meshd.dataplane.lb.MaglevTable;
import io.meshd.dataplane.sys.Libc;
import java.io.IOException;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A published TCP port: without a ready backend it does not listen, so that the kernel refuses. */
final class TcpPort implements PublishedPort {
  private static final Logger LOG = LoggerFactory.getLogger(TcpPort.class);

  private static final int NONE = -1;

  // What a socket is kept under, behind the port's name.
  private static final String RESERVED = " reserved";
  private static final String LISTENING = " listening";

  private final ProxyLoops loops;
  private final Route route;
  private final SocketKeeper keeper;
  private final String name;
  private IngressPort desired;
  private int reservation = NONE;
  private @Nullable Listener listener;
  private @Nullable BindError error;

  TcpPort(IngressPort desired, ProxyLoops loops, int limit, SocketKeeper keeper) {
    this.desired = desired;
    this.keeper = keeper;
    name = BindError.name(desired);
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
        reservation = reserve();
      }
      if (route.pool().size() == 0) {
        stopListening();
      } else if (listener == null) {
        listener = Listener.open(listen(), route, loops);
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

  private int reserve() throws IOException {
    return kept(RESERVED, () -> HostSockets.reserve(desired.hostIp(), desired.publishedPort()));
  }

  private int listen() throws IOException {
    return kept(LISTENING, () -> HostSockets.listen(desired.hostIp(), desired.publishedPort()));
  }

  private interface Opening {
    int socket() throws IOException;
  }

  /** As the process before left it, or new; the next one finds it. */
  private int kept(String what, Opening opening) throws IOException {
    OptionalInt left = keeper.take(name + what);
    if (left.isPresent()) {
      return left.getAsInt();
    }
    int socket = opening.socket();
    keeper.keep(name + what, socket);
    return socket;
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
      keeper.drop(name + RESERVED);
      Libc.close(reservation);
      reservation = NONE;
    }
  }

  /** Nothing leads the answers of its tasks here any more. */
  private void cutPreserved() {
    loops.onEach(loop -> loop.cutPreserved(route));
  }

  @Override
  public void pause() {
    if (listener != null) {
      listener.pause();
    }
  }

  @Override
  public void release() {
    if (listener != null) {
      listener.release();
      listener = null;
    }
    if (reservation != NONE) {
      Libc.close(reservation);
      reservation = NONE;
    }
  }

  @Override
  public void stopListening() {
    if (listener != null) {
      keeper.drop(name + LISTENING);
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
