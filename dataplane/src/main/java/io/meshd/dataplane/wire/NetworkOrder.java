package io.meshd.dataplane.wire;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Unsigned fields in network byte order at any alignment. */
public final class NetworkOrder {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private NetworkOrder() {}

  public static int u8(MemorySegment m, long at) {
    return m.get(JAVA_BYTE, at) & 0xff;
  }

  public static int u16(MemorySegment m, long at) {
    return m.get(SHORT, at) & 0xffff;
  }

  /** All 32 bits in an int, as addresses and sequence numbers are kept. */
  public static int i32(MemorySegment m, long at) {
    return m.get(INT, at);
  }

  public static long u48(MemorySegment m, long at) {
    return (long) u16(m, at) << 32 | (i32(m, at + 2) & 0xffffffffL);
  }

  /** Half an IPv6 address. */
  public static long i64(MemorySegment m, long at) {
    return m.get(LONG, at);
  }

  public static void put8(MemorySegment m, long at, int value) {
    m.set(JAVA_BYTE, at, (byte) value);
  }

  public static void put16(MemorySegment m, long at, int value) {
    m.set(SHORT, at, (short) value);
  }

  public static void put32(MemorySegment m, long at, int value) {
    m.set(INT, at, value);
  }

  public static void put48(MemorySegment m, long at, long value) {
    put16(m, at, (int) (value >>> 32));
    put32(m, at + 2, (int) value);
  }

  public static void put64(MemorySegment m, long at, long value) {
    m.set(LONG, at, value);
  }
}
