package io.meshd.daemon.ingress;

import io.meshd.daemon.ingress.IngressPort.Backend;
import io.meshd.dataplane.sys.SocketAddress;
import java.net.InetAddress;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One backend as the balancer sees it: open connections, and whether it lately failed to answer.
 *
 * <p>A backend that failed is avoided while another one can take the connection: 0.5 s after the
 * first failure, doubling to 8 s, and at once again in use after a success. It is never ejected, so
 * the last one left is always tried.
 */
final class BackendLoad {
  private static final long FIRST_AVOID_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final int MAX_DOUBLINGS = 4;

  private final Backend backend;
  private final SocketAddress address;
  private final AtomicInteger open = new AtomicInteger();
  private final AtomicInteger failuresInRow = new AtomicInteger();
  private volatile long avoidUntilNanos;

  BackendLoad(Backend backend) {
    this.backend = backend;
    this.address = new SocketAddress(InetAddress.ofLiteral(backend.address()), backend.port());
  }

  Backend backend() {
    return backend;
  }

  SocketAddress address() {
    return address;
  }

  /** The same as a number, first byte highest. */
  int ipv4() {
    return address.ipv4();
  }

  /** Connections open or being opened. */
  int open() {
    return open.get();
  }

  void opened() {
    open.incrementAndGet();
  }

  void closed() {
    open.decrementAndGet();
  }

  void answered() {
    if (failuresInRow.get() != 0) {
      failuresInRow.set(0);
    }
  }

  void failed(long nowNanos) {
    int doublings = Math.min(failuresInRow.getAndIncrement(), MAX_DOUBLINGS);
    avoidUntilNanos = nowNanos + (FIRST_AVOID_NANOS << doublings);
  }

  boolean avoided(long nowNanos) {
    return failuresInRow.get() != 0 && nowNanos - avoidUntilNanos < 0;
  }
}
