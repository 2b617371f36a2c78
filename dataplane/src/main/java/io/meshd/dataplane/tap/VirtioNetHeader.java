package io.meshd.dataplane.tap;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What stands before each frame of a TAP with IFF_VNET_HDR: which offloads it asks for (virtio 1.2
 * section 5.1.6, struct virtio_net_hdr_mrg_rxbuf). In the machine's byte order, as tun(4) has it
 * unless told otherwise.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+---------------+-------------------------------+
 * |     flags     |   GSO type    |        header length          |
 * +---------------+---------------+-------------------------------+
 * |    GSO size (bytes/segment)   |       checksum start          |
 * +-------------------------------+-------------------------------+
 * |       checksum offset         |       number of buffers       |
 * +-------------------------------+-------------------------------+
 * </pre>
 */
public final class VirtioNetHeader {
  public static final int LENGTH = 12;

  /** Flag: a checksum from start to the frame's end is to be added to what is there. */
  public static final int NEEDS_CSUM = 1;

  public static final int GSO_NONE = 0;
  public static final int GSO_TCPV4 = 1;
  public static final int GSO_TCPV6 = 4;

  /** UDP over IPv4 or IPv6, into datagrams (Linux 6.2). */
  public static final int GSO_UDP_L4 = 5;

  private static final int FLAGS_OFFSET = 0;
  private static final int GSO_TYPE_OFFSET = 1;
  private static final int HEADER_LENGTH_OFFSET = 2;
  private static final int GSO_SIZE_OFFSET = 4;
  private static final int CHECKSUM_START_OFFSET = 6;
  private static final int CHECKSUM_OFFSET_OFFSET = 8;
  private static final int BUFFERS_OFFSET = 10;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

  private VirtioNetHeader() {}

  public static boolean needsChecksum(MemorySegment m, long at) {
    return (m.get(JAVA_BYTE, at + FLAGS_OFFSET) & NEEDS_CSUM) != 0;
  }

  public static int gsoType(MemorySegment m, long at) {
    return m.get(JAVA_BYTE, at + GSO_TYPE_OFFSET) & 0xff;
  }

  public static int gsoSize(MemorySegment m, long at) {
    return m.get(SHORT, at + GSO_SIZE_OFFSET) & 0xffff;
  }

  public static int checksumStart(MemorySegment m, long at) {
    return m.get(SHORT, at + CHECKSUM_START_OFFSET) & 0xffff;
  }

  /** From the start. */
  public static int checksumOffset(MemorySegment m, long at) {
    return m.get(SHORT, at + CHECKSUM_OFFSET_OFFSET) & 0xffff;
  }

  /** A frame that asks for nothing. */
  public static void clear(MemorySegment m, long at) {
    write(m, at, 0, GSO_NONE, 0, 0, 0, 0);
  }

  /** A frame whose checksum, at an offset from where summing starts, is partial. */
  public static void checksum(MemorySegment m, long at, int start, int offset) {
    write(m, at, NEEDS_CSUM, GSO_NONE, 0, 0, start, offset);
  }

  /**
   * A frame with partial checksum, to be cut into segments.
   *
   * @param type {@link #GSO_TCPV4}, {@link #GSO_TCPV6} or {@link #GSO_UDP_L4}
   * @param headerLength of all headers together
   * @param segmentSize payload bytes of each segment but the last
   * @param start where the transport header begins
   * @param offset from there to the checksum
   */
  public static void segments(
      MemorySegment m,
      long at,
      int type,
      int headerLength,
      int segmentSize,
      int start,
      int offset) {
    write(m, at, NEEDS_CSUM, type, headerLength, segmentSize, start, offset);
  }

  private static void write(
      MemorySegment m, long at, int flags, int type, int header, int size, int start, int offset) {
    m.set(JAVA_BYTE, at + FLAGS_OFFSET, (byte) flags);
    m.set(JAVA_BYTE, at + GSO_TYPE_OFFSET, (byte) type);
    m.set(SHORT, at + HEADER_LENGTH_OFFSET, (short) header);
    m.set(SHORT, at + GSO_SIZE_OFFSET, (short) size);
    m.set(SHORT, at + CHECKSUM_START_OFFSET, (short) start);
    m.set(SHORT, at + CHECKSUM_OFFSET_OFFSET, (short) offset);
    m.set(SHORT, at + BUFFERS_OFFSET, (short) 0);
  }
}
