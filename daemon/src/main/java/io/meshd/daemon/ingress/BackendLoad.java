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
 * first failure, doubling to 8 s, and at once again in use after a success. Failures while it is
 * avoided, of connections begun before, do not add up. The last one left is always tried.
 */
final class BackendLoad {
  private static final long FIRST_AVOID_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final int MAX_DOUBLINGS = 4;

  /** Of its full share, what a backend that has just become ready gets with slow start. */
  private static final double FIRST_SHARE = 0.1;

  private final SocketAddress address;
  private final long knownSinceNanos;
  private final AtomicInteger open = new AtomicInteger();
  private volatile Backend backend;
  private volatile int failuresInRow;
  private volatile long avoidUntilNanos;

  BackendLoad(Backend backend, long nowNanos) {
    this.backend = backend;
    this.address = new SocketAddress(InetAddress.ofLiteral(backend.address()), backend.port());
    this.knownSinceNanos = nowNanos;
  }

  /** What does not change while it is the same backend. */
  record Key(String taskId, String address, int port) {
    static Key of(Backend backend) {
      return new Key(backend.taskId(), backend.address(), backend.port());
    }
  }

  Backend backend() {
    return backend;
  }

  /** Takes what else is said of it now. */
  void update(Backend same) {
    backend = same;
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
    if (failuresInRow != 0) {
      reset();
    }
  }

  private synchronized void reset() {
    failuresInRow = 0;
  }

  /**
   * @return whether it is avoided from now on, and was not before
   */
  synchronized boolean failed(long nowNanos) {
    if (avoided(nowNanos)) {
      return false;
    }
    int failures = failuresInRow;
    avoidUntilNanos = nowNanos + (FIRST_AVOID_NANOS << Math.min(failures, MAX_DOUBLINGS));
    failuresInRow = failures + 1;
    return true;
  }

  boolean avoided(long nowNanos) {
    return failuresInRow != 0 && nowNanos - avoidUntilNanos < 0;
  }

  /**
   * The part of its full share that slow start gives it, in a straight line from a tenth to 1. Its
   * age is what its node's clock says or how long it is known here, whichever is more: so a clock
   * that is fast costs no more than one slow start.
   */
  double share(long slowStartNanos, long nowNanos, long nowMillis) {
    if (slowStartNanos <= 0) {
      return 1;
    }
    long byClock = TimeUnit.MILLISECONDS.toNanos(nowMillis - backend.readySinceMillis());
    long age = Math.max(byClock, nowNanos - knownSinceNanos);
    return Math.clamp((double) age / slowStartNanos, FIRST_SHARE, 1);
  }
}
