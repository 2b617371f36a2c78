package io.meshd.gossip.transport;

/** Bytes that all streams of one side may hold together; on the event loop only. */
final class ByteBudget {
  private long left;

  ByteBudget(long bytes) {
    left = bytes;
  }

  /** False, and nothing taken, when there is not so much. */
  boolean take(long bytes) {
    if (bytes > left) {
      return false;
    }
    left -= bytes;
    return true;
  }

  void giveBack(long bytes) {
    left += bytes;
  }
}
