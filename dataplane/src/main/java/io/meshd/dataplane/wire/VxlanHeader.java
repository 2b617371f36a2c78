package io.meshd.dataplane.wire;

import java.lang.foreign.MemorySegment;

/**
 * VXLAN (RFC 7348 section 5). The I flag says that the VNI is valid and must be set; the other bits
 * are sent as zero and ignored on receipt.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-----------------------------------------------+
 * |R|R|R|R|I|R|R|R|                   Reserved                    |
 * +-+-+-+-+-+-+-+-+-------------------------------+---------------+
 * |        VXLAN network identifier (VNI)         |   Reserved    |
 * +-----------------------------------------------+---------------+
 * </pre>
 */
public final class VxlanHeader {
  public static final int LENGTH = 8;

  private static final int FLAGS_OFFSET = 0;
  static final int VNI_OFFSET = 4;
  private static final int VNI_VALID = 0x08;

  private VxlanHeader() {}

  public static boolean hasVni(MemorySegment m, long at) {
    return (NetworkOrder.u8(m, at + FLAGS_OFFSET) & VNI_VALID) != 0;
  }

  public static int vni(MemorySegment m, long at) {
    return NetworkOrder.i32(m, at + VNI_OFFSET) >>> 8;
  }

  public static void initialize(MemorySegment m, long at, int vni) {
    NetworkOrder.put32(m, at + FLAGS_OFFSET, VNI_VALID << 24);
    NetworkOrder.put32(m, at + VNI_OFFSET, vni << 8);
  }
}
