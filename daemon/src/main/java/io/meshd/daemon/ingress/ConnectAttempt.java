package io.meshd.daemon.ingress;

import io.netty.channel.ChannelException;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.util.concurrent.Future;
import java.net.ConnectException;
import java.net.Inet6Address;
import java.net.NoRouteToHostException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds a backend for one accepted client, on the loop that will carry both.
 *
 * <p>The client's socket is registered only once a backend has answered, so nothing is read from it
 * before and an attempt that fails costs no byte: the next backend is tried, each once. When the
 * last one failed the client is reset, as the kernel would have refused it.
 */
final class ConnectAttempt {
  /** While there is another backend to try. A lost SYN is sent again after 1 s. */
  private static final int TIMEOUT_MILLIS = 1200;

  /** For the last backend left: three SYNs (0, 1 and 3 s). */
  private static final int LAST_TIMEOUT_MILLIS = 5000;

  private static final int MAX_ATTEMPTS = 5;

  private final EpollSocketChannel client;
  private final EventLoop loop;
  private final BackendPool pool;
  private final ProxyLoops loops;
  private final List<BackendLoad> tried = new ArrayList<>(2);

  ConnectAttempt(EpollSocketChannel client, EventLoop loop, BackendPool pool, ProxyLoops loops) {
    this.client = client;
    this.loop = loop;
    this.pool = pool;
    this.loops = loops;
  }

  void start() {
    BackendLoad backend =
        tried.size() < MAX_ATTEMPTS ? pool.choose(tried, System.nanoTime()) : null;
    if (backend == null) {
      refuse(
          tried.isEmpty() ? IngressCounter.FAILED_NO_BACKEND : IngressCounter.FAILED_ALL_BACKENDS);
      return;
    }
    tried.add(backend);
    EpollSocketChannel upstream;
    try {
      // Made here, on a loop's thread, because that is what puts it into the node namespace.
      upstream =
          new EpollSocketChannel(
              backend.address().getAddress() instanceof Inet6Address
                  ? SocketProtocolFamily.INET6
                  : SocketProtocolFamily.INET);
    } catch (ChannelException e) {
      loops.counters().count(IngressCounter.ATTEMPT_ERROR);
      refuse(IngressCounter.FAILED_ALL_BACKENDS);
      return;
    }
    boolean last = tried.size() >= Math.min(pool.size(), MAX_ATTEMPTS);
    SocketTuning.upstream(upstream, loops.allocator(), last ? LAST_TIMEOUT_MILLIS : TIMEOUT_MILLIS);
    backend.opened();
    var _ = loop.register(upstream);
    upstream.connect(backend.address()).addListener(done -> decided(backend, upstream, done));
  }

  private void decided(BackendLoad backend, EpollSocketChannel upstream, Future<?> connect) {
    if (connect.isSuccess()) {
      backend.answered();
      loops.counters().count(IngressCounter.CONNECTED);
      SocketTuning.client(client, loops.allocator());
      new ProxiedConnection(client, upstream, backend, loops.counters()).start(loop);
      return;
    }
    backend.closed();
    backend.failed(System.nanoTime());
    loops.counters().count(counterOf(connect.cause()));
    start();
  }

  private static IngressCounter counterOf(@Nullable Throwable cause) {
    // Netty's time-out is a ConnectException too.
    return switch (cause) {
      case ConnectTimeoutException e -> IngressCounter.ATTEMPT_TIMEOUT;
      case NoRouteToHostException e -> IngressCounter.ATTEMPT_ERROR;
      case ConnectException e -> IngressCounter.ATTEMPT_REFUSED;
      case null, default -> IngressCounter.ATTEMPT_ERROR;
    };
  }

  private void refuse(IngressCounter reason) {
    loops.counters().count(reason);
    SocketTuning.resetOnClose(client);
    client.unsafe().closeForcibly();
  }
}
