package io.meshd.dataplane.wire;

import java.lang.foreign.MemorySegment;

/**
 * IPv4 (RFC 791 section 3.1).
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------+-------+---------------+-------------------------------+
 * |Version|  IHL  |Type of service|         Total length          |
 * +-------+-------+---------------+-----+-------------------------+
 * |        Identification         |Flags|     Fragment offset     |
 * +---------------+---------------+-----+-------------------------+
 * | Time to live  |   Protocol    |        Header checksum        |
 * +---------------+---------------+-------------------------------+
 * |                        Source address                         |
 * +---------------------------------------------------------------+
 * |                      Destination address                      |
 * +---------------------------------------------------------------+
 * |                    Options (IHL > 5) ...                      |
 * </pre>
 */
public final class Ipv4Header {
  public static final int MIN_LENGTH = 20;
  public static final int PROTOCOL_ICMP = 1;
  public static final int PROTOCOL_TCP = 6;
  public static final int PROTOCOL_UDP = 17;

  /** Flags in {@link #fragment}. */
  public static final int MORE_FRAGMENTS = 0x2000;

  public static final int DONT_FRAGMENT = 0x4000;

  private static final int VERSION_OFFSET = 0;
  private static final int TOTAL_LENGTH_OFFSET = 2;
  private static final int IDENTIFICATION_OFFSET = 4;
  private static final int FRAGMENT_OFFSET = 6;
  private static final int TIME_TO_LIVE_OFFSET = 8;
  private static final int PROTOCOL_OFFSET = 9;

  /** Public for incremental changes. */
  public static final int CHECKSUM_OFFSET = 10;

  static final int SOURCE_OFFSET = 12;
  private static final int DESTINATION_OFFSET = 16;

  private Ipv4Header() {}

  public static int version(MemorySegment m, long at) {
    return NetworkOrder.u8(m, at + VERSION_OFFSET) >>> 4;
  }

  /** In bytes: 20 to 60, or less where the header lies. */
  public static int headerLength(MemorySegment m, long at) {
    return (NetworkOrder.u8(m, at + VERSION_OFFSET) & 15) * 4;
  }

  /** Version, header length in bytes, and zero for type of service. */
  public static void initialize(MemorySegment m, long at, int headerLength) {
    NetworkOrder.put16(m, at + VERSION_OFFSET, 0x4000 | (headerLength / 4) << 8);
  }

  public static int totalLength(MemorySegment m, long at) {
    return NetworkOrder.u16(m, at + TOTAL_LENGTH_OFFSET);
  }

  public static void totalLength(MemorySegment m, long at, int length) {
    NetworkOrder.put16(m, at + TOTAL_LENGTH_OFFSET, length);
  }

  public static int identification(MemorySegment m, long at) {
    return NetworkOrder.u16(m, at + IDENTIFICATION_OFFSET);
  }

  public static void identification(MemorySegment m, long at, int id) {
    NetworkOrder.put16(m, at + IDENTIFICATION_OFFSET, id);
  }

  /** Flags and fragment offset together. */
  public static int fragment(MemorySegment m, long at) {
    return NetworkOrder.u16(m, at + FRAGMENT_OFFSET);
  }

  public static void fragment(MemorySegment m, long at, int flagsAndOffset) {
    NetworkOrder.put16(m, at + FRAGMENT_OFFSET, flagsAndOffset);
  }

  public static void timeToLive(MemorySegment m, long at, int hops) {
    NetworkOrder.put8(m, at + TIME_TO_LIVE_OFFSET, hops);
  }

  public static int protocol(MemorySegment m, long at) {
    return NetworkOrder.u8(m, at + PROTOCOL_OFFSET);
  }

  public static void protocol(MemorySegment m, long at, int protocol) {
    NetworkOrder.put8(m, at + PROTOCOL_OFFSET, protocol);
  }

  public static int source(MemorySegment m, long at) {
    return NetworkOrder.i32(m, at + SOURCE_OFFSET);
  }

  public static void source(MemorySegment m, long at, int ip) {
    NetworkOrder.put32(m, at + SOURCE_OFFSET, ip);
  }

  public static int destination(MemorySegment m, long at) {
    return NetworkOrder.i32(m, at + DESTINATION_OFFSET);
  }

  public static void destination(MemorySegment m, long at, int ip) {
    NetworkOrder.put32(m, at + DESTINATION_OFFSET, ip);
  }

  public static int checksum(MemorySegment m, long at) {
    return NetworkOrder.u16(m, at + CHECKSUM_OFFSET);
  }

  /** Takes the checksum over a header of this length and writes it. */
  public static void updateChecksum(MemorySegment m, long at, int headerLength) {
    NetworkOrder.put16(m, at + CHECKSUM_OFFSET, 0);
    InternetChecksum.store(m, at + CHECKSUM_OFFSET, InternetChecksum.add(0, m, at, headerLength));
  }

  /** Writes a checksum whose sum is known. */
  public static void storeChecksum(MemorySegment m, long at, long sum) {
    InternetChecksum.store(m, at + CHECKSUM_OFFSET, sum);
  }
}
