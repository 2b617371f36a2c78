package io.meshd.daemon.ingress;

import io.meshd.daemon.ingress.IngressPort.ClientAddress;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** What the connections of a published port have in common, whichever loops carry them. */
final class Route {
  private final BackendPool pool = new BackendPool();
  private final Preservation preservation;
  private final AtomicInteger open = new AtomicInteger();
  private final LongAdder entered = new LongAdder();
  private final int limit;
  private volatile ClientAddress clientAddress = ClientAddress.SNAT;

  /**
   * @param limit connections at a time
   */
  Route(int limit, Preservation preservation) {
    this.limit = limit;
    this.preservation = preservation;
  }

  void use(IngressPort port) {
    clientAddress = port.clientAddress();
    preservation.use(port);
    pool.replace(port.backends(), port.balancing());
  }

  /** What new connections tell their backend. */
  ClientAddress clientAddress() {
    return clientAddress;
  }

  Preservation preservation() {
    return preservation;
  }

  BackendPool pool() {
    return pool;
  }

  /** Counts a connection in, unless there are too many. */
  boolean enter() {
    if (open.incrementAndGet() > limit) {
      open.decrementAndGet();
      return false;
    }
    entered.increment();
    return true;
  }

  // One per published port; what it says of itself changes.
  @SuppressWarnings("ReferenceEquality")
  boolean isSame(Route other) {
    return this == other;
  }

  void leave() {
    open.decrementAndGet();
  }

  /** Connections that are counted in now. */
  int open() {
    return open.get();
  }

  /** Connections that ever were. */
  long entered() {
    return entered.sum();
  }
}
