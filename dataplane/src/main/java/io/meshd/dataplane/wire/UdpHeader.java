package io.meshd.dataplane.wire;

import java.lang.foreign.MemorySegment;

/**
 * UDP (RFC 768).
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------------------------------+-------------------------------+
 * |          Source port          |       Destination port        |
 * +-------------------------------+-------------------------------+
 * |            Length             |           Checksum            |
 * +-------------------------------+-------------------------------+
 * </pre>
 */
public final class UdpHeader {
  public static final int LENGTH = 8;

  private static final int SOURCE_PORT_OFFSET = 0;
  private static final int DESTINATION_PORT_OFFSET = 2;
  private static final int LENGTH_OFFSET = 4;
  public static final int CHECKSUM_OFFSET = 6;

  private UdpHeader() {}

  public static int sourcePort(MemorySegment m, long at) {
    return NetworkOrder.u16(m, at + SOURCE_PORT_OFFSET);
  }

  public static int destinationPort(MemorySegment m, long at) {
    return NetworkOrder.u16(m, at + DESTINATION_PORT_OFFSET);
  }

  /** Of header and payload. */
  public static int length(MemorySegment m, long at) {
    return NetworkOrder.u16(m, at + LENGTH_OFFSET);
  }

  public static void length(MemorySegment m, long at, int length) {
    NetworkOrder.put16(m, at + LENGTH_OFFSET, length);
  }

  /** 0: none was taken. */
  public static int checksum(MemorySegment m, long at) {
    return NetworkOrder.u16(m, at + CHECKSUM_OFFSET);
  }

  public static void checksum(MemorySegment m, long at, int checksum) {
    NetworkOrder.put16(m, at + CHECKSUM_OFFSET, checksum);
  }

  /** Writes a checksum whose sum is known; never zero, which would say that none was taken. */
  public static void storeChecksum(MemorySegment m, long at, long sum) {
    int checksum = ~InternetChecksum.fold(sum) & 0xffff;
    InternetChecksum.storePartial(m, at + CHECKSUM_OFFSET, checksum == 0 ? 0xffff : checksum);
  }

  /** Writes the sum of the pseudo header, for a device that adds the rest. */
  public static void storePartialChecksum(MemorySegment m, long at, long sum) {
    InternetChecksum.storePartial(m, at + CHECKSUM_OFFSET, sum);
  }

  /** Writes ports and length, and zero for the checksum: none. */
  public static void initialize(MemorySegment m, long at, int source, int destination, int length) {
    NetworkOrder.put16(m, at + SOURCE_PORT_OFFSET, source);
    NetworkOrder.put16(m, at + DESTINATION_PORT_OFFSET, destination);
    NetworkOrder.put16(m, at + LENGTH_OFFSET, length);
    NetworkOrder.put16(m, at + CHECKSUM_OFFSET, 0);
  }
}
