package io.meshd.dataplane.vxlan;

import io.meshd.dataplane.wire.Ipv4Header;
import io.meshd.dataplane.wire.UdpHeader;
import io.meshd.dataplane.wire.VxlanHeader;

/**
 * Sizes with and without VXLAN over IPv4. At an underlay MTU of 1500 the largest frame is 1464
 * bytes, so the tasks' MTU is 1450.
 */
public final class VxlanOverhead {
  private static final int OUTER = Ipv4Header.MIN_LENGTH + UdpHeader.LENGTH + VxlanHeader.LENGTH;

  /** Largest UDP payload of IPv4, less the VXLAN header. */
  private static final int LARGEST_FRAME = 65_535 - OUTER;

  private VxlanOverhead() {}

  /** Bytes of the largest inner frame, its Ethernet header included. */
  public static int largestFrame(int underlayMtu) {
    return Math.min(underlayMtu - OUTER, LARGEST_FRAME);
  }
}
