package io.meshd.daemon.ingress;

import io.meshd.daemon.epoll.Poller;
import io.meshd.dataplane.sys.Libc;
import io.meshd.dataplane.sys.SocketAddress;
import io.netty.channel.IoEventLoop;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * One thread that carries connections, with all that they need and share with no other thread:
 * buffers, pipes, the list of them, and its clock.
 */
final class ProxyLoop {
  /** How exactly connect time-outs are kept. */
  private static final long CONNECTING_TICK_MILLIS = 100;

  /** After which a connection is old enough for keep-alive to be worth its system calls. */
  private static final long OPEN_TICK_MILLIS = 20_000;

  final LongAdder bytesToBackend;
  final LongAdder bytesToClient;

  private final IoEventLoop executor;
  private final Poller poller;
  private final IngressCounters counters;
  private final Chunks chunks = new Chunks();
  private final Pipes pipes = new Pipes();
  private final SocketAddress asked = new SocketAddress();
  private long chunk = chunks.take();
  private @Nullable Connection first;
  private int carried;

  /** The same, for other threads. */
  private volatile int size;

  private long nextTickNanos;
  private boolean ticking;

  ProxyLoop(IoEventLoop executor, Poller poller, IngressCounters counters) {
    this.executor = executor;
    this.poller = poller;
    this.counters = counters;
    bytesToBackend = counters.adder(IngressCounter.BYTES_TO_BACKEND);
    bytesToClient = counters.adder(IngressCounter.BYTES_TO_CLIENT);
  }

  IoEventLoop executor() {
    return executor;
  }

  Poller poller() {
    return poller;
  }

  IngressCounters counters() {
    return counters;
  }

  Chunks chunks() {
    return chunks;
  }

  Pipes pipes() {
    return pipes;
  }

  /** What is read into next; valid until the next read. */
  long chunk() {
    return chunk;
  }

  /** Gives what was read into to the caller, and reads into {@code next} from now on. */
  long exchange(long next) {
    long filled = chunk;
    chunk = next;
    return filled;
  }

  /** Takes a chunk back; it is the warmest, so it is read into next. */
  void giveBack(long warm) {
    chunks.giveBack(chunk);
    chunk = warm;
  }

  /**
   * Writes the PROXY header of a connection where is read into next.
   *
   * @return its length
   */
  int announce(Client client) {
    return ProxyHeader.write(chunks.memory(chunk), client, asked(client));
  }

  /** The address and port of this node that a client asked; valid until the next call. */
  SocketAddress asked(Client client) {
    asked.prepare();
    Libc.getsockname(client.fd(), asked.address(), asked.lengthAddress());
    return asked;
  }

  /** Connections; any thread. */
  int size() {
    return size;
  }

  void enter(Connection connection) {
    Connection head = first;
    connection.next = head;
    if (head != null) {
      head.previous = connection;
    }
    first = connection;
    size = ++carried;
    tickIn(OPEN_TICK_MILLIS);
  }

  void leave(Connection connection) {
    Connection before = connection.previous;
    Connection after = connection.next;
    if (before == null) {
      first = after;
    } else {
      before.next = after;
    }
    if (after != null) {
      after.previous = before;
    }
    size = --carried;
  }

  /** A connection waits for a backend, not for ever. */
  void expect(Connection ignored) {
    tickIn(CONNECTING_TICK_MILLIS);
  }

  private void tickIn(long millis) {
    long nanos = TimeUnit.MILLISECONDS.toNanos(millis);
    long at = System.nanoTime() + nanos;
    if (!ticking || at - nextTickNanos < 0) {
      ticking = true;
      nextTickNanos = at;
      var _ = executor.schedule(() -> tick(at), nanos, TimeUnit.NANOSECONDS);
    }
  }

  private void tick(long scheduled) {
    if (scheduled != nextTickNanos) {
      return; // an earlier one took its place
    }
    ticking = false;
    long now = System.nanoTime();
    boolean connecting = false;
    Connection connection = first;
    while (connection != null) {
      Connection after = connection.next;
      connection.tick(now);
      connecting |= connection.isConnecting();
      connection = after;
    }
    if (first != null) {
      tickIn(connecting ? CONNECTING_TICK_MILLIS : OPEN_TICK_MILLIS);
    }
  }

  /** Resets the connections to these tasks; on the loop. */
  void abort(Set<String> taskIds) {
    Connection connection = first;
    while (connection != null) {
      Connection after = connection.next;
      connection.abort(taskIds);
      connection = after;
    }
  }

  /** Resets the port's connections that have their client's address; on the loop. */
  void cutPreserved(Route route) {
    Connection connection = first;
    while (connection != null) {
      Connection after = connection.next;
      connection.cutPreserved(route);
      connection = after;
    }
  }

  /** Resets all connections; on the loop. */
  void close() {
    Connection connection = first;
    while (connection != null) {
      Connection after = connection.next;
      connection.failed(IngressCounter.FAILED_INTERNAL);
      connection = after;
    }
    pipes.close();
  }
}
