package io.meshd.dataplane.lb;

import java.util.concurrent.atomic.AtomicInteger;

/** What this node knows of a backend besides its spec; it outlives changes of that. */
final class BackendLoad {
  private final int slot;
  private final AtomicInteger openFlows = new AtomicInteger();
  private final Ejection ejection = new Ejection();

  // Guarded by Backends.
  String id;

  /** The number of the last spec that it is in. */
  int spec;

  BackendLoad(int slot, String id) {
    this.slot = slot;
    this.id = id;
  }

  /** Its number in flows. */
  int slot() {
    return slot;
  }

  int openFlows() {
    return openFlows.get();
  }

  void opened() {
    openFlows.incrementAndGet();
  }

  void closed() {
    openFlows.decrementAndGet();
  }

  Ejection ejection() {
    return ejection;
  }
}
