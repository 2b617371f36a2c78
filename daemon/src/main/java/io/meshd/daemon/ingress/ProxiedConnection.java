package io.meshd.daemon.ingress;

import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.util.concurrent.Future;

/**
 * A client and its backend, joined. Lives on one loop; no other thread touches it.
 *
 * <p>States. Open: both {@link Relay}s carry bytes. Half: one side sent FIN, which was passed on
 * after its last byte; the other direction goes on as long as it likes. Completed: both did; both
 * sockets are closed. Failed: a side was reset; what was read from it is still handed to the other
 * side, which is then reset too, so that a cut is never mistaken for an end.
 */
final class ProxiedConnection {
  private final EpollSocketChannel client;
  private final EpollSocketChannel upstream;
  private final BackendLoad backend;
  private final IngressCounters counters;
  private int directionsEnded;
  private boolean over;

  ProxiedConnection(
      EpollSocketChannel client,
      EpollSocketChannel upstream,
      BackendLoad backend,
      IngressCounters counters) {
    this.client = client;
    this.upstream = upstream;
    this.backend = backend;
    this.counters = counters;
  }

  /** Registers the client and starts to read from both. */
  void start(EventLoop loop) {
    client
        .pipeline()
        .addLast(
            new Relay(
                this,
                client,
                upstream,
                counters.adder(IngressCounter.BYTES_TO_BACKEND),
                IngressCounter.FAILED_CLIENT_RESET));
    upstream
        .pipeline()
        .addLast(
            new Relay(
                this,
                upstream,
                client,
                counters.adder(IngressCounter.BYTES_TO_CLIENT),
                IngressCounter.FAILED_BACKEND_RESET));
    loop.register(client).addListener(this::registered);
  }

  private void registered(Future<?> registration) {
    if (!registration.isSuccess()) {
      failed(client, upstream, IngressCounter.FAILED_INTERNAL);
      return;
    }
    client.config().setAutoRead(true);
    upstream.config().setAutoRead(true);
  }

  /**
   * One side sent FIN and its last byte was handed on.
   *
   * @return true when that was the second side, and the connection is closed
   */
  boolean directionEnded() {
    directionsEnded++;
    if (directionsEnded == 2 && !over) {
      over = true;
      backend.closed();
      counters.count(IngressCounter.COMPLETED);
      var _ = client.close();
      var _ = upstream.close();
    }
    return over;
  }

  /** {@code from} was reset or failed; what was read from it still goes {@code to} its peer. */
  void failed(EpollSocketChannel from, EpollSocketChannel to, IngressCounter reason) {
    if (!over) {
      over = true;
      backend.closed();
      counters.count(reason);
    }
    reset(from);
    if (!to.isRegistered()) {
      reset(to);
    } else if (to.isOpen()) {
      var _ = to.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(flushed -> reset(to));
    }
  }

  /** A socket was closed by this connection, or, when that is not over, by the loops' end. */
  void inactive(EpollSocketChannel from, EpollSocketChannel to) {
    if (!over) {
      failed(from, to, IngressCounter.FAILED_INTERNAL);
    }
  }

  private static void reset(EpollSocketChannel channel) {
    if (channel.isOpen()) {
      SocketTuning.resetOnClose(channel);
      channel.unsafe().close(channel.unsafe().voidPromise());
    }
  }
}
