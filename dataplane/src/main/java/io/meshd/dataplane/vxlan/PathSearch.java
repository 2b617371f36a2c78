package io.meshd.dataplane.vxlan;

import io.meshd.dataplane.PathTiming;
import java.util.random.RandomGenerator;

/**
 * Finds and keeps what one path carries, by packetization layer path MTU discovery (RFC 8899): what
 * was answered passes, and nothing else is believed. Sizes are of IPv4 packets. Without clock and
 * socket: its owner asks {@link #due}, sends, and tells what came of it.
 *
 * <ul>
 *   <li><b>SEARCH</b>: first {@link #BASE}, or {@link #LEAST} where that is not answered; then 1500
 *       and 9000, then what is common, then the middle. Silence to {@link #TRIES} probes says that
 *       a size does not pass. A router's word on its MTU, or the own interface's, says it too, and
 *       is what is asked for next.
 *   <li><b>STEADY</b>: found. From time to time the size is asked for again, and more rarely a
 *       larger one.
 *   <li><b>CONFIRM</b>: waits for that answer. After {@link #CONFIRM_TRIES} the search begins anew:
 *       whoever then answers to smaller sizes is behind a black hole; whoever answers to none has
 *       gone, and his path is taken to be what it was.
 * </ul>
 *
 * <p>A first search tells its result when it is over or when a size failed; one that follows a
 * failure tells every step, as whatever is larger than that may be lost.
 */
public final class PathSearch {
  /** What every path is expected to carry (RFC 8899 section 5.1.2, BASE_PLPMTU). */
  public static final int BASE = 1200;

  /** What every path must carry, but for odd ones (RFC 791). */
  public static final int LEAST = 576;

  public static final int MOST = 9000;

  static final int TRIES = 3;
  static final int CONFIRM_TRIES = 4;

  private static final long FIRST_REST = 1_000_000_000L;
  private static final long LONGEST_REST = 60_000_000_000L;
  private static final int ORDINARY = 1500;
  private static final int[] ANCHORS = {BASE, ORDINARY, MOST};
  private static final int[] COMMON = {
    1280, 1350, 1380, 1400, 1420, 1440, 1450, 1460, 1472, 1480, 1492, 4000, 4352, 7000, 8000, 8500,
    8800, 8900, 8950, 8976, 8992
  };

  private enum State {
    SEARCH,
    STEADY,
    CONFIRM
  }

  private final long answerWithin;
  private final long confirmEvery;
  private final long raiseEvery;
  private final RandomGenerator random;

  private State state = State.SEARCH;
  private int known;

  /** Bounds of the search: what was answered, or 0, and the least that does not pass. */
  private int low;

  private int high = MOST + 1;
  private int told;
  private boolean everyStep;
  private boolean raiseSoon;

  /** The size asked for, how often it was, and when it is time for the next step. */
  private int size = BASE;

  private int sent;
  private long next;
  private long raiseAt;
  private long confirmedAt;
  private long rest = FIRST_REST;

  /**
   * @param now nanoseconds of a clock that does not jump, as everywhere here
   */
  public PathSearch(PathTiming timing, RandomGenerator random, long now) {
    answerWithin = timing.answerWithin().toNanos();
    confirmEvery = timing.confirmEvery().toNanos();
    raiseEvery = timing.raiseEvery().toNanos();
    this.random = random;
    next = now;
  }

  /** The path's MTU; 0 while it is not known. */
  public int known() {
    return known;
  }

  /** When the {@link #known} size was last answered. */
  public long confirmedAt() {
    return confirmedAt;
  }

  /** Whether the {@link #known} size is the result of a search, and not a step of one. */
  public boolean isSettled() {
    return state != State.SEARCH;
  }

  /** Whether an answer is waited for. */
  public boolean waits() {
    return sent > 0;
  }

  /** The size that is asked for. */
  public int size() {
    return size;
  }

  /**
   * @return the size of the probe to be sent now, which counts as sent; 0 for none
   */
  public int due(long now) {
    if (now - next < 0) {
      return 0;
    }
    if (state == State.STEADY) {
      begin(now);
    } else if (sent >= (state == State.CONFIRM ? CONFIRM_TRIES : TRIES)) {
      silence(now);
    }
    if (now - next < 0) {
      return 0;
    }
    sent++;
    next = now + answerWithin;
    return size;
  }

  /**
   * What would be done later is due now, but for an answer that is waited for: the size is asked
   * for again, and when that is answered a larger one.
   */
  public void hurry(long now) {
    if (sent > 0) {
      return;
    }
    if (state == State.STEADY) {
      raiseAt = now + raiseEvery;
      raiseSoon = true;
    }
    next = now;
  }

  private void begin(long now) {
    sent = 0;
    if (now - raiseAt < 0) {
      state = State.CONFIRM;
      size = known;
      return;
    }
    state = State.SEARCH;
    raiseSoon = false;
    low = known;
    high = MOST + 1;
    everyStep = false;
    step(now);
  }

  private void silence(long now) {
    sent = 0;
    if (state == State.CONFIRM) {
      searchAnew(MOST + 1);
      size = BASE;
    } else if (low > 0) {
      high = size;
      everyStep |= size <= known || known == 0;
      tell(now);
      step(now);
    } else if (size > LEAST) {
      size = size > BASE && BASE < high ? BASE : LEAST;
    } else {
      rest(now);
    }
  }

  private void rest(long now) {
    everyStep = false;
    high = MOST + 1;
    size = BASE;
    next = now + rest;
    rest = Math.min(2 * rest, LONGEST_REST);
  }

  private void searchAnew(int below) {
    state = State.SEARCH;
    everyStep = true;
    low = 0;
    high = below;
    told = 0;
  }

  /** A probe of the size asked for has come back. */
  public void answered(long now) {
    if (sent == 0) {
      return;
    }
    sent = 0;
    rest = FIRST_REST;
    if (state == State.CONFIRM) {
      settle(now);
      if (raiseSoon) {
        raiseAt = now;
        next = now;
      }
      return;
    }
    low = size;
    if (everyStep) {
      tell(now);
    }
    step(now);
  }

  /**
   * Somebody on the path, or this node's own interface, has said that the size asked for does not
   * pass.
   *
   * @param mtu what would pass; 0 when that was not said
   */
  public void tooBig(int mtu, long now) {
    if (sent == 0 || mtu >= size) {
      return;
    }
    sent = 0;
    if (state == State.CONFIRM || (mtu >= LEAST && mtu < low)) {
      searchAnew(size);
    } else if (size == LEAST) {
      rest(now);
      return;
    }
    high = Math.min(high, size);
    if (mtu >= LEAST) {
      high = Math.min(high, mtu + 1);
      told = mtu;
    }
    step(now);
  }

  private void tell(long now) {
    if (everyStep) {
      known = low;
      confirmedAt = now;
    }
  }

  private void step(long now) {
    next = now;
    int candidate = candidate();
    if (candidate != 0) {
      size = candidate;
      return;
    }
    known = low;
    raiseAt = now + raiseEvery;
    settle(now);
  }

  private void settle(long now) {
    state = State.STEADY;
    everyStep = false;
    confirmedAt = now;
    next = now + confirmEvery * 3 / 4 + random.nextLong(confirmEvery / 2 + 1);
  }

  /** What to ask for next; 0 when the bounds are close. */
  private int candidate() {
    if (told > low && told < high) {
      int hint = told;
      told = 0;
      return hint;
    }
    if (low == 0) {
      return BASE < high ? BASE : LEAST;
    }
    for (int anchor : ANCHORS) {
      if (low < anchor && anchor < high) {
        return anchor;
      }
    }
    if (high - low <= (low < ORDINARY ? 8 : 64)) {
      return 0;
    }
    int first = 0;
    int count = 0;
    for (int i = 0; i < COMMON.length; i++) {
      if (low < COMMON[i] && COMMON[i] < high) {
        first = count == 0 ? i : first;
        count++;
      }
    }
    return count == 0 ? (low + high) / 2 : COMMON[first + count / 2];
  }
}
