package io.meshd.dataplane.wire;

import java.lang.foreign.MemorySegment;

/**
 * What VTEPs ask each other to find out what a path carries (RFC 8899): a datagram as long as the
 * size in question, sent with DF to VXLAN's port, and its short answer, which repeats kind, size
 * and nonce. The I flag of VXLAN is not set, so that a VTEP that does not know it drops it (RFC
 * 7348 section 5 has the flag be set); the second word tells it from other such datagrams.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+---------------+-------------------------------+
 * |       0       | Kind: 1 or 2  |    Size of the IPv4 packet    |
 * +---------------+---------------+-------------------------------+
 * |                     0x6d705031, "mpP1"                        |
 * +---------------------------------------------------------------+
 * |                        Nonce, 8 bytes                         |
 * |                                                               |
 * +---------------------------------------------------------------+
 * |          In a probe: zeros up to the size in question         |
 * </pre>
 */
public final class PathProbe {
  public static final int LENGTH = 16;
  public static final int QUESTION = 1;
  public static final int ANSWER = 2;

  private static final int KIND_OFFSET = 1;
  private static final int SIZE_OFFSET = 2;
  private static final int MARK_OFFSET = 4;
  private static final int NONCE_OFFSET = 8;
  private static final int MARK = 0x6d705031;

  private PathProbe() {}

  /** Whether these bytes, at least those of a VXLAN header, are one. */
  public static boolean is(MemorySegment m, long at, int length) {
    return length >= LENGTH
        && NetworkOrder.u8(m, at) == 0
        && NetworkOrder.i32(m, at + MARK_OFFSET) == MARK;
  }

  /**
   * @param size bytes of the IPv4 packet, below 2^16
   */
  public static void write(MemorySegment m, long at, int kind, int size, long nonce) {
    NetworkOrder.put8(m, at, 0);
    NetworkOrder.put8(m, at + KIND_OFFSET, kind);
    NetworkOrder.put16(m, at + SIZE_OFFSET, size);
    NetworkOrder.put32(m, at + MARK_OFFSET, MARK);
    NetworkOrder.put64(m, at + NONCE_OFFSET, nonce);
  }

  public static int kind(MemorySegment m, long at) {
    return NetworkOrder.u8(m, at + KIND_OFFSET);
  }

  public static int size(MemorySegment m, long at) {
    return NetworkOrder.u16(m, at + SIZE_OFFSET);
  }

  public static long nonce(MemorySegment m, long at) {
    return NetworkOrder.i64(m, at + NONCE_OFFSET);
  }
}
