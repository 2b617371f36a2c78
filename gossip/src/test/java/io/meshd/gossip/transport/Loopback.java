package io.meshd.gossip.transport;

import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/** Addresses on loopback that no other run of the tests uses at the same time. */
final class Loopback {
  private static final int RUN = ThreadLocalRandom.current().nextInt(1, 1 << 15);
  private static final AtomicInteger NEXT = new AtomicInteger(2);

  private Loopback() {}

  static String next() {
    return "127." + (64 + (RUN >> 8)) + "." + (RUN & 0xff) + "." + NEXT.getAndIncrement();
  }
}
