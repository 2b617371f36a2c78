package io.meshd.gossip.protocol;

/** serf's logical clock for joining and leaving: ours must not be behind that of its agents. */
final class LamportTime {
  private long time = 1;

  long now() {
    return time;
  }

  long next() {
    return ++time;
  }

  void witness(long other) {
    if (other >= time && other < Long.MAX_VALUE) {
      time = other + 1;
    }
  }
}
