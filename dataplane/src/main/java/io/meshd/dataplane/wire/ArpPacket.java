package io.meshd.dataplane.wire;

import java.lang.foreign.MemorySegment;

/**
 * ARP for IPv4 over Ethernet (RFC 826).
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-------------------------------+-------------------------------+
 * |      Hardware type (1)        |     Protocol type (0x0800)    |
 * +---------------+---------------+-------------------------------+
 * |  HW length 6  | Proto length 4|          Operation            |
 * +---------------+---------------+-------------------------------+
 * |                       Sender MAC (6 bytes)                    |
 * |                               +-------------------------------+
 * |                               |       Sender IP ...           |
 * +-------------------------------+-------------------------------+
 * |       ... Sender IP           |       Target MAC (6 bytes)    |
 * +-------------------------------+                               |
 * |                                                               |
 * +---------------------------------------------------------------+
 * |                           Target IP                           |
 * +---------------------------------------------------------------+
 * </pre>
 */
public final class ArpPacket {
  public static final int LENGTH = 28;
  public static final int REQUEST = 1;
  public static final int REPLY = 2;

  private static final int HARDWARE_TYPE_OFFSET = 0;
  private static final int PROTOCOL_TYPE_OFFSET = 2;
  private static final int LENGTHS_OFFSET = 4;
  private static final int OPERATION_OFFSET = 6;
  private static final int SENDER_MAC_OFFSET = 8;
  private static final int SENDER_IP_OFFSET = 14;
  private static final int TARGET_MAC_OFFSET = 18;
  private static final int TARGET_IP_OFFSET = 24;

  private ArpPacket() {}

  /** Whether types and lengths are those of IPv4 over Ethernet. */
  public static boolean isIpv4OverEthernet(MemorySegment m, long at) {
    return NetworkOrder.u16(m, at + HARDWARE_TYPE_OFFSET) == 1
        && NetworkOrder.u16(m, at + PROTOCOL_TYPE_OFFSET) == EthernetHeader.ETHERTYPE_IPV4
        && NetworkOrder.u16(m, at + LENGTHS_OFFSET) == 0x0604;
  }

  /** Writes the constant fields. */
  public static void initialize(MemorySegment m, long at) {
    NetworkOrder.put16(m, at + HARDWARE_TYPE_OFFSET, 1);
    NetworkOrder.put16(m, at + PROTOCOL_TYPE_OFFSET, EthernetHeader.ETHERTYPE_IPV4);
    NetworkOrder.put16(m, at + LENGTHS_OFFSET, 0x0604);
  }

  public static int operation(MemorySegment m, long at) {
    return NetworkOrder.u16(m, at + OPERATION_OFFSET);
  }

  public static void operation(MemorySegment m, long at, int operation) {
    NetworkOrder.put16(m, at + OPERATION_OFFSET, operation);
  }

  public static long senderMac(MemorySegment m, long at) {
    return NetworkOrder.u48(m, at + SENDER_MAC_OFFSET);
  }

  public static int senderIp(MemorySegment m, long at) {
    return NetworkOrder.i32(m, at + SENDER_IP_OFFSET);
  }

  public static void sender(MemorySegment m, long at, long mac, int ip) {
    NetworkOrder.put48(m, at + SENDER_MAC_OFFSET, mac);
    NetworkOrder.put32(m, at + SENDER_IP_OFFSET, ip);
  }

  public static int targetIp(MemorySegment m, long at) {
    return NetworkOrder.i32(m, at + TARGET_IP_OFFSET);
  }

  public static void target(MemorySegment m, long at, long mac, int ip) {
    NetworkOrder.put48(m, at + TARGET_MAC_OFFSET, mac);
    NetworkOrder.put32(m, at + TARGET_IP_OFFSET, ip);
  }
}
