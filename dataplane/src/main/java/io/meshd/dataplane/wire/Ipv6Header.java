package io.meshd.dataplane.wire;

import java.lang.foreign.MemorySegment;

/**
 * IPv6 (RFC 8200 section 3). Addresses are two longs, first byte highest.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------+---------------+---------------------------------------+
 * |Version| Traffic class |              Flow label               |
 * +-------+---------------+-------+---------------+---------------+
 * |        Payload length         |  Next header  |   Hop limit   |
 * +-------------------------------+---------------+---------------+
 * |                   Source address, 16 bytes                    |
 * +---------------------------------------------------------------+
 * |                 Destination address, 16 bytes                 |
 * +---------------------------------------------------------------+
 * |        Extension headers, each with the next one's type       |
 * </pre>
 */
public final class Ipv6Header {
  public static final int LENGTH = 40;
  public static final int PROTOCOL_ICMPV6 = 58;

  static final int HOP_BY_HOP = 0;
  static final int ROUTING = 43;
  static final int FRAGMENT = 44;
  static final int AUTHENTICATION = 51;
  static final int DESTINATION_OPTIONS = 60;

  private static final int VERSION_OFFSET = 0;
  private static final int PAYLOAD_LENGTH_OFFSET = 4;
  private static final int NEXT_HEADER_OFFSET = 6;
  private static final int HOP_LIMIT_OFFSET = 7;
  static final int SOURCE_OFFSET = 8;
  private static final int DESTINATION_OFFSET = 24;

  private Ipv6Header() {}

  public static int version(MemorySegment m, long at) {
    return NetworkOrder.u8(m, at + VERSION_OFFSET) >>> 4;
  }

  /** Writes version 6 with zero for traffic class and flow label. */
  public static void initialize(MemorySegment m, long at) {
    NetworkOrder.put32(m, at + VERSION_OFFSET, 6 << 28);
  }

  /** Of all that is behind these 40 bytes, extension headers included. */
  public static int payloadLength(MemorySegment m, long at) {
    return NetworkOrder.u16(m, at + PAYLOAD_LENGTH_OFFSET);
  }

  public static void payloadLength(MemorySegment m, long at, int bytes) {
    NetworkOrder.put16(m, at + PAYLOAD_LENGTH_OFFSET, bytes);
  }

  public static int nextHeader(MemorySegment m, long at) {
    return NetworkOrder.u8(m, at + NEXT_HEADER_OFFSET);
  }

  public static void nextHeader(MemorySegment m, long at, int protocol) {
    NetworkOrder.put8(m, at + NEXT_HEADER_OFFSET, protocol);
  }

  public static int hopLimit(MemorySegment m, long at) {
    return NetworkOrder.u8(m, at + HOP_LIMIT_OFFSET);
  }

  public static void hopLimit(MemorySegment m, long at, int hops) {
    NetworkOrder.put8(m, at + HOP_LIMIT_OFFSET, hops);
  }

  /** First half of the source address. */
  public static long sourceHigh(MemorySegment m, long at) {
    return NetworkOrder.i64(m, at + SOURCE_OFFSET);
  }

  public static long sourceLow(MemorySegment m, long at) {
    return NetworkOrder.i64(m, at + SOURCE_OFFSET + 8);
  }

  public static void source(MemorySegment m, long at, long high, long low) {
    NetworkOrder.put64(m, at + SOURCE_OFFSET, high);
    NetworkOrder.put64(m, at + SOURCE_OFFSET + 8, low);
  }

  /** First half of the destination address. */
  public static long destinationHigh(MemorySegment m, long at) {
    return NetworkOrder.i64(m, at + DESTINATION_OFFSET);
  }

  public static long destinationLow(MemorySegment m, long at) {
    return NetworkOrder.i64(m, at + DESTINATION_OFFSET + 8);
  }

  public static void destination(MemorySegment m, long at, long high, long low) {
    NetworkOrder.put64(m, at + DESTINATION_OFFSET, high);
    NetworkOrder.put64(m, at + DESTINATION_OFFSET + 8, low);
  }
}
