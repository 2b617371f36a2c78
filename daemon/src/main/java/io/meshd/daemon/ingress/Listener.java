package io.meshd.daemon.ingress;

import io.meshd.daemon.epoll.Poller;
import io.meshd.dataplane.sys.EpollEvents;
import io.meshd.dataplane.sys.Errno;
import io.meshd.dataplane.sys.Libc;
import io.meshd.dataplane.sys.SocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A listening socket that all loops accept from: whichever is idle is woken, and one of them at a
 * time (EPOLLEXCLUSIVE).
 */
final class Listener {
  /** After a failed accept, mostly for want of descriptors, others may close some meanwhile. */
  private static final long ACCEPT_PAUSE_MILLIS = 100;

  /** Connections taken before others, and other loops, get their turn. */
  private static final int BUDGET = 8;

  private static final int MASK = EpollEvents.IN | EpollEvents.EXCLUSIVE;

  private final int listening;
  private final Route route;
  private final ProxyLoops loops;
  private final Map<ProxyLoop, Acceptor> acceptors = new HashMap<>();

  private Listener(int listening, Route route, ProxyLoops loops) {
    this.listening = listening;
    this.route = route;
    this.loops = loops;
  }

  /** Takes over the socket, which listens already. */
  static Listener open(int listening, Route route, ProxyLoops loops) {
    Listener listener = new Listener(listening, route, loops);
    loops.onEach(loop -> listener.acceptors.put(loop, listener.new Acceptor(loop)));
    return listener;
  }

  /** Returns when the kernel refuses new connections; those it had taken on are served. */
  void close() {
    end(Acceptor::close);
    // It may be held by others too.
    Libc.shutdown(listening, Libc.SHUT_RD);
    Libc.close(listening);
  }

  /** Takes no connection any more; they wait for whoever has the socket too. */
  void pause() {
    end(Acceptor::pause);
  }

  /** After a pause: closes the socket here. */
  void release() {
    Libc.close(listening);
  }

  private void end(Consumer<Acceptor> how) {
    loops.onEach(
        loop -> {
          Acceptor acceptor = acceptors.remove(loop);
          if (acceptor != null) {
            how.accept(acceptor);
          }
        });
  }

  /** The socket on one loop. */
  private final class Acceptor implements Poller.Ready {
    private final ProxyLoop loop;
    private final SocketAddress peer = new SocketAddress();
    private final int slot;
    private boolean closed;

    Acceptor(ProxyLoop loop) {
      this.loop = loop;
      slot = loop.poller().slot(this);
      watch();
    }

    private void watch() {
      if (!closed) {
        loop.poller().add(listening, MASK, slot, 0);
      }
    }

    @Override
    public void ready(int side, int events) {
      for (int i = 0; i < BUDGET && accept(); i++) {}
    }

    /** Whether there may be more. */
    private boolean accept() {
      peer.prepare();
      int fd =
          Libc.accept4(
              listening,
              peer.address(),
              peer.lengthAddress(),
              Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC);
      if (fd >= 0) {
        accepted(Client.of(fd, peer));
        return true;
      }
      return switch (-fd) {
        case Errno.EAGAIN -> false;
        case Errno.EINTR, Errno.ECONNABORTED -> true;
        default -> {
          loop.counters().count(IngressCounter.ACCEPT_FAILED);
          loop.poller().remove(listening);
          var _ = loop.executor().schedule(this::watch, ACCEPT_PAUSE_MILLIS, TimeUnit.MILLISECONDS);
          yield false;
        }
      };
    }

    private void accepted(Client client) {
      loop.counters().count(IngressCounter.ACCEPTED);
      if (!route.enter()) {
        loop.counters().count(IngressCounter.FAILED_LIMIT);
        SocketTuning.reset(client.fd());
        return;
      }
      ProxyLoop carrier = loops.lighterThan(loop);
      if (carrier == loop) {
        new Connection(loop, route, client).start();
      } else {
        carrier.executor().execute(() -> new Connection(carrier, route, client).start());
      }
    }

    void close() {
      while (accept()) {}
      pause();
    }

    void pause() {
      closed = true;
      loop.poller().remove(listening);
      loop.poller().release(slot);
    }
  }
}
