package io.meshd.dataplane.wire;

import java.lang.foreign.MemorySegment;

/**
 * ICMPv6 (RFC 4443 section 2.1) as far as all messages have it, errors and echoes, and neighbour
 * solicitations and advertisements (RFC 4861 sections 4.3 and 4.4), which differ in type and flags
 * alone. An error has four bytes by type (a pointer, an MTU) in the place of the flags, and then as
 * much of the packet that it is about as there is room for.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------+---------------+-------------------------------+
 * |     Type      |     Code      |           Checksum            |
 * +-+-+-+---------+---------------+-------------------------------+
 * |R|S|O|                      Reserved                           |
 * +-+-+-+---------------------------------------------------------+
 * |                   Target address, 16 bytes                    |
 * +---------------+---------------+-------------------------------+
 * | Option: type  | Length, 8s    |  Link-layer address, 6 bytes  |
 * +---------------+---------------+                               |
 * |                                                               |
 * +---------------------------------------------------------------+
 * </pre>
 */
public final class Icmpv6Header {
  public static final int UNREACHABLE = 1;

  /** With the MTU that would do, and as much of the packet as fits (RFC 4443 section 3.2). */
  public static final int PACKET_TOO_BIG = 2;

  public static final int PARAMETER_PROBLEM = 4;

  /** Of all types below it: errors, about a packet, which they quote. */
  public static final int INFORMATIONAL = 128;

  public static final int ECHO_REQUEST = 128;
  public static final int ECHO_REPLY = 129;
  public static final int LISTENER_QUERY = 130;
  public static final int LISTENER_REPORT = 131;
  public static final int LISTENER_DONE = 132;
  public static final int ROUTER_SOLICITATION = 133;
  public static final int ROUTER_ADVERTISEMENT = 134;
  public static final int NEIGHBOR_SOLICITATION = 135;
  public static final int NEIGHBOR_ADVERTISEMENT = 136;
  public static final int REDIRECT = 137;
  public static final int LISTENER_REPORT_2 = 143;

  /** Code of {@link #UNREACHABLE}: nobody listens on the port. */
  public static final int PORT = 4;

  /** Code of {@link #PARAMETER_PROBLEM}: a next header that nobody knows. */
  public static final int NEXT_HEADER = 1;

  /** Of an error, before what it quotes. */
  public static final int ERROR_LENGTH = 8;

  /** Of a neighbour solicitation or advertisement without options. */
  public static final int NEIGHBOR_LENGTH = 24;

  /** Of an option with a link-layer address of Ethernet. */
  public static final int OPTION_LENGTH = 8;

  /** Flags of an advertisement. */
  public static final int SOLICITED = 0x40;

  public static final int OVERRIDE = 0x20;

  private static final int TYPE_OFFSET = 0;
  private static final int CODE_OFFSET = 1;
  public static final int CHECKSUM_OFFSET = 2;
  private static final int FLAGS_OFFSET = 4;
  private static final int MTU_OFFSET = 4;
  private static final int TARGET_OFFSET = 8;
  private static final int OPTION_OFFSET = 24;
  private static final int TARGET_LINK_LAYER_ADDRESS = 2;

  private Icmpv6Header() {}

  public static int type(MemorySegment m, long at) {
    return NetworkOrder.u8(m, at + TYPE_OFFSET);
  }

  public static int code(MemorySegment m, long at) {
    return NetworkOrder.u8(m, at + CODE_OFFSET);
  }

  /** An error about a packet, which it quotes (RFC 4443 section 2.1). */
  public static boolean isError(int type) {
    return type < INFORMATIONAL;
  }

  /** Writes an error's header but the checksum. */
  public static void error(MemorySegment m, long at, int type, int code, int pointer) {
    NetworkOrder.put8(m, at + TYPE_OFFSET, type);
    NetworkOrder.put8(m, at + CODE_OFFSET, code);
    NetworkOrder.put32(m, at + FLAGS_OFFSET, pointer);
  }

  /** Changes an echo request into its reply; the checksum follows. */
  public static void toEchoReply(MemorySegment m, long at) {
    NetworkOrder.put8(m, at + TYPE_OFFSET, ECHO_REPLY);
    InternetChecksum.replace(m, at + CHECKSUM_OFFSET, ECHO_REQUEST << 8, ECHO_REPLY << 8);
  }

  /** First half of the target address of a neighbour solicitation or advertisement. */
  public static long targetHigh(MemorySegment m, long at) {
    return NetworkOrder.i64(m, at + TARGET_OFFSET);
  }

  public static long targetLow(MemorySegment m, long at) {
    return NetworkOrder.i64(m, at + TARGET_OFFSET + 8);
  }

  /**
   * Makes a solicitation the advertisement of its target, with the link-layer address as its one
   * option; the checksum follows.
   *
   * @param flags {@link #SOLICITED} and {@link #OVERRIDE}
   */
  public static void advertise(MemorySegment m, long at, int flags, long mac) {
    NetworkOrder.put8(m, at + TYPE_OFFSET, NEIGHBOR_ADVERTISEMENT);
    NetworkOrder.put32(m, at + FLAGS_OFFSET, flags << 24);
    NetworkOrder.put8(m, at + OPTION_OFFSET, TARGET_LINK_LAYER_ADDRESS);
    NetworkOrder.put8(m, at + OPTION_OFFSET + 1, OPTION_LENGTH / 8);
    NetworkOrder.put48(m, at + OPTION_OFFSET + 2, mac);
  }

  /** Writes the header of a {@link #PACKET_TOO_BIG} but for its checksum. */
  public static void tooBig(MemorySegment m, long at, int mtu) {
    NetworkOrder.put8(m, at + TYPE_OFFSET, PACKET_TOO_BIG);
    NetworkOrder.put8(m, at + CODE_OFFSET, 0);
    NetworkOrder.put32(m, at + MTU_OFFSET, mtu);
  }

  /**
   * @param ip where the IPv6 header begins
   * @param length of the message
   */
  public static boolean checksumVerifies(MemorySegment m, long ip, long at, int length) {
    return InternetChecksum.verifies(InternetChecksum.add(pseudo(m, ip, length), m, at, length));
  }

  /** Takes the checksum and writes it; parameters as of {@link #checksumVerifies}. */
  public static void updateChecksum(MemorySegment m, long ip, long at, int length) {
    NetworkOrder.put16(m, at + CHECKSUM_OFFSET, 0);
    InternetChecksum.store(
        m, at + CHECKSUM_OFFSET, InternetChecksum.add(pseudo(m, ip, length), m, at, length));
  }

  private static long pseudo(MemorySegment m, long ip, int length) {
    return InternetChecksum.ofPseudoHeader6(m, ip, Ipv6Header.PROTOCOL_ICMPV6, length);
  }
}
