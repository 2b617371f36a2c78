package io.meshd.dataplane.lb;

/** So many in each second of the clock. One per loop. */
public final class RateLimit {
  private final int perSecond;
  private int second;
  private int left;

  public RateLimit(int perSecond) {
    this.perSecond = perSecond;
    left = perSecond;
  }

  /** Whether one more may go. */
  public boolean take(int nowSeconds) {
    if (nowSeconds != second) {
      second = nowSeconds;
      left = perSecond;
    }
    if (left == 0) {
      return false;
    }
    left--;
    return true;
  }
}
