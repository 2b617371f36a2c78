package io.meshd.dataplane.loop;

import java.time.Duration;

/**
 * A loop with little to do runs on the processor that its frames come from: there it is woken by a
 * switch from one thread to another, elsewhere by an interrupt, and where that processor sleeps, by
 * its awakening; in a virtual machine that is most of a round trip. With much to do, a loop runs
 * beside its senders and not in their place.
 *
 * <p>Only while it goes first ({@link Precedence}): one of many would wait there for its turn.
 * Belongs to its loop.
 */
final class Nearness {
  /** Wakes from one other processor and from no third, before the loop goes there. */
  static final int SAME = 8;

  /** How long it stays at least. */
  static final Duration STAY = Duration.ofMillis(10);

  /** How long it is measured what a loop has to do. */
  static final Duration WINDOW = Duration.ofMillis(10);

  /** Much is more than this part of its time. */
  static final int MUCH = 3;

  /** After that it goes nowhere for this long. */
  static final Duration REST = Duration.ofSeconds(1);

  private static final int NONE = -1;

  /** The kernel's part, for the loop's thread. */
  interface Place {
    /** The processor it runs on. */
    int current();

    /** Puts it on a processor; says whether it is there now. */
    boolean only(int processor);

    /** Lets it go. */
    void any();
  }

  private final Place place;
  private boolean bound;
  private int candidate = NONE;
  private int same;
  private boolean first;
  private long windowSince;
  private long worked;
  private long restUntil;

  Nearness(Place place) {
    this.place = place;
  }

  /** Whether the loop goes first from now on. */
  void first(boolean first) {
    this.first = first;
    if (!first) {
      letGo();
    }
  }

  /**
   * The loop was woken by this processor, and worked then.
   *
   * @param from {@link System#nanoTime}
   */
  void woken(int processor, long from, long to) {
    if (!first) {
      return;
    }
    if (busy(from, to)) {
      hasMuch(to);
    } else if (processor == place.current()) {
      // Says nothing: what the loop itself delivers is answered from there.
      return;
    } else if (processor != candidate) {
      candidate = processor;
      same = 1;
    } else if (++same >= SAME && to - restUntil >= 0) {
      go(processor, to);
    }
  }

  private void go(int processor, long now) {
    candidate = NONE;
    if (place.only(processor)) {
      bound = true;
      restUntil = now + STAY.toNanos();
    }
  }

  /** It does not come to an end of its work. */
  void hasMuch(long now) {
    letGo();
    restUntil = now + REST.toNanos();
  }

  private boolean busy(long from, long to) {
    worked += to - from;
    long window = to - windowSince;
    if (window < WINDOW.toNanos()) {
      return false;
    }
    boolean busy = worked * MUCH > window;
    worked = 0;
    windowSince = to;
    return busy;
  }

  private void letGo() {
    if (bound) {
      bound = false;
      place.any();
    }
  }
}
