package io.meshd.daemon.ingress;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A loop's buffers, all of one size. One is what the loop reads into; others hold what a receiver
 * did not take at once, at most one for each direction of a connection. A chunk belongs to whoever
 * took it until it is given back.
 */
final class Chunks {
  static final int SIZE = 64 * 1024;

  /** 128 MiB of a loop, when two thousand receivers stall in the middle of something large. */
  private static final int MOST = 2048;

  static final long NONE = 0;

  private final Map<Long, MemorySegment> made = new HashMap<>();
  private final long[] free = new long[MOST];
  private int freeCount;

  /** A chunk's address, or {@link #NONE} when all are taken. */
  long take() {
    if (freeCount > 0) {
      return free[--freeCount];
    }
    if (made.size() == MOST) {
      return NONE;
    }
    MemorySegment chunk = Arena.ofAuto().allocate(SIZE, 4096);
    made.put(chunk.address(), chunk);
    return chunk.address();
  }

  /** The chunk at an address, for those who write into it themselves. */
  MemorySegment memory(long chunk) {
    return Objects.requireNonNull(made.get(chunk));
  }

  void giveBack(long chunk) {
    free[freeCount++] = chunk;
  }
}
