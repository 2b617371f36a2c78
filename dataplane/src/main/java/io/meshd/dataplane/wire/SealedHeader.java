package io.meshd.dataplane.wire;

import java.lang.foreign.MemorySegment;

/**
 * A VXLAN header and what follows it where the frame is sealed (AES-256-GCM): 18 bytes, all of them
 * authenticated, none encrypted. The S flag is a bit that RFC 7348 reserves and neither VXLAN-GPE
 * nor the group policy extension use; a kernel's VXLAN drops frames that have it.
 *
 * <pre>
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-----------------------------------------------+
 * |0|S|0|0|I|0|0|0|             Epoch, first 24 bits              |
 * +-+-+-+-+-+-+-+-+-------------------------------+---------------+
 * |        VXLAN network identifier (VNI)         |    Key ID     |
 * +-----------------------------------------------+---------------+
 * |                      Epoch, last 32 bits                      |
 * +---------------------------------------------------------------+
 * |                        Number, 48 bits                        |
 * +                               +-------------------------------+
 * |                               |   Inner frame, encrypted ...  |
 * +-------------------------------+-------------------------------+
 * |                    ... and the tag, 16 bytes                  |
 * +---------------------------------------------------------------+
 * </pre>
 *
 * <p>Key ID: a hint which of the cluster's keys it is. Epoch: drawn at random by the sender for
 * each key that it derives. Number: counts the datagrams under that key.
 */
public final class SealedHeader {
  public static final int LENGTH = 18;
  public static final int TAG_LENGTH = 16;

  /** What sealing adds to a datagram that would have a plain VXLAN header. */
  public static final int OVERHEAD = LENGTH - VxlanHeader.LENGTH + TAG_LENGTH;

  public static final long LARGEST_EPOCH = (1L << 56) - 1;

  private static final int FLAGS_OFFSET = 0;
  private static final int KEY_ID_OFFSET = 7;
  private static final int EPOCH_LOW_OFFSET = 8;
  private static final int NUMBER_OFFSET = 12;
  private static final int SEALED = 0x40;
  private static final int SEALED_AND_VNI_VALID = 0x48;

  private SealedHeader() {}

  /** Of at least the 8 bytes of a VXLAN header: whether these bytes begin a sealed frame. */
  public static boolean isSealed(MemorySegment m, long at) {
    return (NetworkOrder.u8(m, at + FLAGS_OFFSET) & SEALED) != 0;
  }

  /**
   * @param vni 24 bits
   * @param keyId 8 bits
   * @param epoch 56 bits
   * @param number 48 bits
   */
  public static void write(MemorySegment m, long at, int vni, int keyId, long epoch, long number) {
    NetworkOrder.put32(m, at + FLAGS_OFFSET, SEALED_AND_VNI_VALID << 24 | (int) (epoch >>> 32));
    NetworkOrder.put32(m, at + VxlanHeader.VNI_OFFSET, vni << 8 | (keyId & 0xff));
    NetworkOrder.put32(m, at + EPOCH_LOW_OFFSET, (int) epoch);
    NetworkOrder.put48(m, at + NUMBER_OFFSET, number);
  }

  public static int keyId(MemorySegment m, long at) {
    return NetworkOrder.u8(m, at + KEY_ID_OFFSET);
  }

  public static long epoch(MemorySegment m, long at) {
    return (long) (NetworkOrder.i32(m, at + FLAGS_OFFSET) & 0xffffff) << 32
        | (NetworkOrder.i32(m, at + EPOCH_LOW_OFFSET) & 0xffffffffL);
  }

  public static long number(MemorySegment m, long at) {
    return NetworkOrder.u48(m, at + NUMBER_OFFSET);
  }
}
