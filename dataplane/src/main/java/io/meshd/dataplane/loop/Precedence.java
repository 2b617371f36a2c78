package io.meshd.dataplane.loop;

import java.time.Duration;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;

/**
 * A data loop goes before ordinary threads, as the kernel's own packet work does: a frame then need
 * not wait until another thread has used up its slice. It is one of many for {@link #REST}, and for
 * longer where it has to be,
 *
 * <ul>
 *   <li>when it does not come to an end of its work: others could not do theirs;
 *   <li>when it is woken very often: who goes first is woken for every frame, by taking the
 *       processor from the sender, and one of many finds a batch of them.
 * </ul>
 *
 * <p>Belongs to its loop.
 */
final class Precedence {
  /** Without a pause. */
  static final Duration LONGEST = Duration.ofMillis(100);

  static final Duration REST = Duration.ofSeconds(1);

  /** So many in less than {@link #OFTEN} are very often: 25,000 a second. */
  static final int WAKES = 250;

  static final Duration OFTEN = Duration.ofMillis(10);

  /** The kernel's part: true puts the calling thread before ordinary ones, where it may be. */
  @FunctionalInterface
  interface Scheduler {
    /** Whether it goes first from now on. */
    boolean first(boolean first);
  }

  private final LongSupplier nanoTime;
  private final Scheduler scheduler;
  private final BiConsumer<Duration, Runnable> later;
  private int behind;
  private long behindSince;
  private int wakes;
  private long wakesSince;
  private boolean first;

  /**
   * @param later runs something on the loop, after a time
   */
  Precedence(LongSupplier nanoTime, Scheduler scheduler, BiConsumer<Duration, Runnable> later) {
    this.nanoTime = nanoTime;
    this.scheduler = scheduler;
    this.later = later;
  }

  void begin() {
    if (behind == 0) {
      first = scheduler.first(true);
    } else {
      later.accept(REST, this::begin);
    }
  }

  /** There was nothing to do, and now there is. */
  void wakes() {
    if (++wakes < WAKES) {
      return;
    }
    long now = nanoTime.getAsLong();
    if (first && now - wakesSince < OFTEN.toNanos()) {
      rest();
    }
    wakes = 0;
    wakesSince = now;
  }

  /** A descriptor of the loop had more to read than its turn was long. */
  void fallsBehind() {
    if (behind++ == 0) {
      behindSince = nanoTime.getAsLong();
    }
  }

  /** It still has. */
  void staysBehind() {
    if (first && nanoTime.getAsLong() - behindSince > LONGEST.toNanos()) {
      rest();
    }
  }

  private void rest() {
    first = scheduler.first(false);
    later.accept(REST, this::begin);
  }

  /** It has no more, or is none of the loop's any more. */
  void catchesUp() {
    behind--;
  }
}
