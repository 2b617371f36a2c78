package io.meshd.dataplane.offload;

import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.InternetChecksum;
import io.meshd.dataplane.wire.NetworkOrder;
import io.meshd.dataplane.wire.TcpHeader;
import java.lang.foreign.MemorySegment;

/**
 * Keeps the maximum segment size that TCP's two ends tell each other (RFC 9293 section 3.7.1; RFC
 * 6691) to what a path carries.
 */
public final class MssClamp {
  private static final int END = 0;
  private static final int NO_OPERATION = 1;
  private static final int MAXIMUM_SEGMENT_SIZE = 2;
  private static final int LENGTH = 4;

  private MssClamp() {}

  /**
   * Lowers the option of a SYN that says more; the checksum follows by what changed alone (RFC
   * 1624).
   *
   * @param partial whether the checksum is only the pseudo header's sum
   * @param largest bytes of IP packet that pass
   * @return whether anything changed
   */
  public static boolean apply(FrameView frame, boolean partial, int largest) {
    MemorySegment m = frame.memory();
    long tcp = frame.transport();
    int end = frame.tcpHeaderLength();
    int most = largest - frame.ipHeaderLength() - TcpHeader.MIN_LENGTH;
    int option = TcpHeader.MIN_LENGTH;
    while (option + 1 < end) {
      int kind = NetworkOrder.u8(m, tcp + option);
      if (kind == END) {
        return false;
      }
      if (kind == NO_OPERATION) {
        option++;
        continue;
      }
      int length = NetworkOrder.u8(m, tcp + option + 1);
      if (length < 2 || option + length > end) {
        return false;
      }
      if (kind == MAXIMUM_SEGMENT_SIZE && length == LENGTH) {
        return lower(m, tcp, option + 2, partial, most);
      }
      option += length;
    }
    return false;
  }

  private static boolean lower(MemorySegment m, long tcp, int field, boolean partial, int most) {
    int said = NetworkOrder.u16(m, tcp + field);
    if (said <= most) {
      return false;
    }
    NetworkOrder.put16(m, tcp + field, most);
    if (!partial) {
      InternetChecksum.replaceField(m, tcp + TcpHeader.CHECKSUM_OFFSET, field, said, most);
    }
    return true;
  }
}
