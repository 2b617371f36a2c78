package io.meshd.dataplane.wire;

import java.lang.foreign.MemorySegment;

/**
 * Ethernet II, without VLAN tag. MAC addresses are 48 bits in a long, first byte highest.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +---------------------------------------------------------------+
 * |                        Destination MAC                        |
 * +-------------------------------+-------------------------------+
 * |     Destination MAC           |           Source MAC          |
 * +-------------------------------+-------------------------------+
 * |                           Source MAC                          |
 * +-------------------------------+-------------------------------+
 * |           EtherType           |
 * +-------------------------------+
 * </pre>
 */
public final class EthernetHeader {
  public static final int LENGTH = 14;
  public static final int ETHERTYPE_IPV4 = 0x0800;
  public static final int ETHERTYPE_ARP = 0x0806;
  public static final int ETHERTYPE_IPV6 = 0x86dd;

  private static final int DESTINATION_OFFSET = 0;
  private static final int SOURCE_OFFSET = 6;
  private static final int ETHERTYPE_OFFSET = 12;
  private static final long GROUP_BIT = 1L << 40;

  private EthernetHeader() {}

  public static long destination(MemorySegment m, long at) {
    return NetworkOrder.u48(m, at + DESTINATION_OFFSET);
  }

  public static void destination(MemorySegment m, long at, long mac) {
    NetworkOrder.put48(m, at + DESTINATION_OFFSET, mac);
  }

  public static long source(MemorySegment m, long at) {
    return NetworkOrder.u48(m, at + SOURCE_OFFSET);
  }

  public static void source(MemorySegment m, long at, long mac) {
    NetworkOrder.put48(m, at + SOURCE_OFFSET, mac);
  }

  public static int etherType(MemorySegment m, long at) {
    return NetworkOrder.u16(m, at + ETHERTYPE_OFFSET);
  }

  public static void etherType(MemorySegment m, long at, int type) {
    NetworkOrder.put16(m, at + ETHERTYPE_OFFSET, type);
  }

  /** Broadcast or multicast (IEEE 802.3 section 3.2.3). */
  public static boolean isGroup(long mac) {
    return (mac & GROUP_BIT) != 0;
  }
}
