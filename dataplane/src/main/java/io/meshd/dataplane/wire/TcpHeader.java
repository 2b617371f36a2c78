package io.meshd.dataplane.wire;

import java.lang.foreign.MemorySegment;

/**
 * TCP (RFC 9293 section 3.1).
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------------------------------+-------------------------------+
 * |          Source port          |       Destination port        |
 * +-------------------------------+-------------------------------+
 * |                        Sequence number                        |
 * +---------------------------------------------------------------+
 * |                    Acknowledgment number                      |
 * +-------+-------+---------------+-------------------------------+
 * | Offset| Rsrvd |C|E|U|A|P|R|S|F|            Window             |
 * +-------+-------+---------------+-------------------------------+
 * |           Checksum            |        Urgent pointer         |
 * +-------------------------------+-------------------------------+
 * |                   Options (offset > 5) ...                    |
 * </pre>
 */
public final class TcpHeader {
  public static final int MIN_LENGTH = 20;
  public static final int FIN = 0x01;
  public static final int SYN = 0x02;
  public static final int RST = 0x04;
  public static final int PSH = 0x08;
  public static final int ACK = 0x10;
  public static final int CWR = 0x80;

  private static final int SOURCE_PORT_OFFSET = 0;
  private static final int DESTINATION_PORT_OFFSET = 2;
  private static final int SEQUENCE_OFFSET = 4;
  private static final int ACKNOWLEDGMENT_OFFSET = 8;
  private static final int DATA_OFFSET_OFFSET = 12;
  private static final int FLAGS_OFFSET = 13;
  private static final int WINDOW_OFFSET = 14;

  /** Public for virtio's csum_offset. */
  public static final int CHECKSUM_OFFSET = 16;

  private static final int URGENT_POINTER_OFFSET = 18;

  private TcpHeader() {}

  public static int sourcePort(MemorySegment m, long at) {
    return NetworkOrder.u16(m, at + SOURCE_PORT_OFFSET);
  }

  public static int destinationPort(MemorySegment m, long at) {
    return NetworkOrder.u16(m, at + DESTINATION_PORT_OFFSET);
  }

  public static void ports(MemorySegment m, long at, int source, int destination) {
    NetworkOrder.put16(m, at + SOURCE_PORT_OFFSET, source);
    NetworkOrder.put16(m, at + DESTINATION_PORT_OFFSET, destination);
  }

  public static int sequence(MemorySegment m, long at) {
    return NetworkOrder.i32(m, at + SEQUENCE_OFFSET);
  }

  public static void sequence(MemorySegment m, long at, int sequence) {
    NetworkOrder.put32(m, at + SEQUENCE_OFFSET, sequence);
  }

  public static int acknowledgment(MemorySegment m, long at) {
    return NetworkOrder.i32(m, at + ACKNOWLEDGMENT_OFFSET);
  }

  public static void acknowledgment(MemorySegment m, long at, int acknowledgment) {
    NetworkOrder.put32(m, at + ACKNOWLEDGMENT_OFFSET, acknowledgment);
  }

  /** In bytes: 20 to 60, or less where the header lies. */
  public static int headerLength(MemorySegment m, long at) {
    return (NetworkOrder.u8(m, at + DATA_OFFSET_OFFSET) >>> 4) * 4;
  }

  public static void headerLength(MemorySegment m, long at, int bytes) {
    NetworkOrder.put8(m, at + DATA_OFFSET_OFFSET, (bytes / 4) << 4);
  }

  /** The eight flags, {@link #FIN} lowest. */
  public static int flags(MemorySegment m, long at) {
    return NetworkOrder.u8(m, at + FLAGS_OFFSET);
  }

  public static void flags(MemorySegment m, long at, int flags) {
    NetworkOrder.put8(m, at + FLAGS_OFFSET, flags);
  }

  public static void window(MemorySegment m, long at, int window) {
    NetworkOrder.put16(m, at + WINDOW_OFFSET, window);
  }

  public static int checksum(MemorySegment m, long at) {
    return NetworkOrder.u16(m, at + CHECKSUM_OFFSET);
  }

  public static void checksum(MemorySegment m, long at, int checksum) {
    NetworkOrder.put16(m, at + CHECKSUM_OFFSET, checksum);
  }

  public static void urgentPointer(MemorySegment m, long at, int pointer) {
    NetworkOrder.put16(m, at + URGENT_POINTER_OFFSET, pointer);
  }

  /** Writes a checksum whose sum is known. */
  public static void storeChecksum(MemorySegment m, long at, long sum) {
    InternetChecksum.store(m, at + CHECKSUM_OFFSET, sum);
  }

  /** Writes the sum of the pseudo header, for a device that adds the rest. */
  public static void storePartialChecksum(MemorySegment m, long at, long sum) {
    InternetChecksum.storePartial(m, at + CHECKSUM_OFFSET, sum);
  }
}
