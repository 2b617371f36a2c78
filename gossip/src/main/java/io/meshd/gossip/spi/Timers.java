package io.meshd.gossip.spi;

/** Time, and work for later on the core's one thread. */
public interface Timers {
  /** Nanoseconds from any origin; never goes back, and never is the wall clock. */
  long nanos();

  /** Runs the task on the core's thread, once. */
  Timer after(long nanos, Runnable task);

  /** Work that waits. */
  interface Timer {
    /** Does nothing when the work has run. */
    void cancel();
  }
}
