package io.meshd.dataplane.wire;

import java.lang.foreign.MemorySegment;

/**
 * ICMP (RFC 792): the part that all messages have, and what errors quote.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+---------------+-------------------------------+
 * |     Type      |     Code      |           Checksum            |
 * +---------------+---------------+-------------------------------+
 * |                 by type; 0 or MTU in errors                   |
 * +---------------------------------------------------------------+
 * |   in errors: IPv4 header and the first 8 bytes behind it ...  |
 * </pre>
 */
public final class IcmpHeader {
  public static final int LENGTH = 8;
  public static final int ECHO_REPLY = 0;
  public static final int UNREACHABLE = 3;
  public static final int ECHO_REQUEST = 8;
  public static final int TIME_EXCEEDED = 11;
  public static final int PARAMETER_PROBLEM = 12;

  /** Codes of {@link #UNREACHABLE}. */
  public static final int PROTOCOL = 2;

  public static final int PORT = 3;

  /** With the MTU that would do (RFC 1191). */
  public static final int TOO_BIG = 4;

  private static final int TYPE_OFFSET = 0;
  private static final int CODE_OFFSET = 1;
  private static final int CHECKSUM_OFFSET = 2;
  private static final int REST_OFFSET = 4;
  private static final int MTU_OFFSET = 6;

  private IcmpHeader() {}

  public static int type(MemorySegment m, long at) {
    return NetworkOrder.u8(m, at + TYPE_OFFSET);
  }

  public static int code(MemorySegment m, long at) {
    return NetworkOrder.u8(m, at + CODE_OFFSET);
  }

  /** An error about a packet, which it quotes. */
  public static boolean isError(int type) {
    return type == UNREACHABLE || type == TIME_EXCEEDED || type == PARAMETER_PROBLEM;
  }

  /** Writes type, code and zeros for the rest of the header but the checksum. */
  public static void initialize(MemorySegment m, long at, int type, int code) {
    NetworkOrder.put8(m, at + TYPE_OFFSET, type);
    NetworkOrder.put8(m, at + CODE_OFFSET, code);
    NetworkOrder.put32(m, at + REST_OFFSET, 0);
  }

  /** Of a message {@link #TOO_BIG}: the next hop's MTU (RFC 1191 section 4). */
  public static void mtu(MemorySegment m, long at, int mtu) {
    NetworkOrder.put16(m, at + MTU_OFFSET, mtu);
  }

  /** Changes an echo request into its reply; the checksum follows. */
  public static void toEchoReply(MemorySegment m, long at) {
    NetworkOrder.put8(m, at + TYPE_OFFSET, ECHO_REPLY);
    InternetChecksum.replace(m, at + CHECKSUM_OFFSET, ECHO_REQUEST << 8, 0);
  }

  /**
   * @param length of header and data
   */
  public static boolean checksumVerifies(MemorySegment m, long at, int length) {
    return InternetChecksum.verifies(InternetChecksum.add(0, m, at, length));
  }

  /**
   * Takes the checksum and writes it.
   *
   * @param length of header and data
   */
  public static void updateChecksum(MemorySegment m, long at, int length) {
    NetworkOrder.put16(m, at + CHECKSUM_OFFSET, 0);
    InternetChecksum.store(m, at + CHECKSUM_OFFSET, InternetChecksum.add(0, m, at, length));
  }
}
