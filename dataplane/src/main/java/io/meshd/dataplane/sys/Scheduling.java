package io.meshd.dataplane.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;

/**
 * How the kernel schedules the calling thread (sched(7)): as one of many, or before all those
 * ({@code SCHED_RR} at its lowest priority; needs CAP_SYS_NICE or RLIMIT_RTPRIO). What the thread
 * starts is one of many again.
 */
public final class Scheduling {
  private static final int SCHED_OTHER = 0;
  private static final int SCHED_RR = 2;
  private static final int SCHED_RESET_ON_FORK = 0x40000000;

  private Scheduling() {}

  /**
   * @return 0, or {@code -errno} and nothing has changed
   */
  public static int first() {
    return set(SCHED_RR | SCHED_RESET_ON_FORK, 1);
  }

  /**
   * @return 0, or {@code -errno} and nothing has changed
   */
  public static int ordinary() {
    return set(SCHED_OTHER, 0);
  }

  private static int set(int policy, int priority) {
    try (Arena arena = Arena.ofConfined()) {
      return Libc.schedSetscheduler(0, policy, arena.allocateFrom(JAVA_INT, priority));
    }
  }
}
