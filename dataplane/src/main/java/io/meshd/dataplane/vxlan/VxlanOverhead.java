package io.meshd.dataplane.vxlan;

import io.meshd.dataplane.wire.EthernetHeader;
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

  /** Bytes of datagrams that go to the kernel in one message: what IPv4 allows, rounded down. */
  public static final int LARGEST_BATCH = 65_000;

  /** UDP_MAX_SEGMENTS of kernels before 6.9. */
  public static final int MOST_IN_BATCH = 64;

  private VxlanOverhead() {}

  /** Bytes of the largest inner frame, its Ethernet header included. */
  public static int largestFrame(int underlayMtu) {
    return Math.min(underlayMtu - OUTER, LARGEST_FRAME);
  }

  /**
   * Segments of the largest TCP frame that leaves in one batch instead of one and a remnant: what a
   * TAP's {@code gso_max_segs} should be.
   *
   * @param mtu of the TAP
   */
  public static int segmentsPerBatch(int mtu) {
    int datagram = VxlanHeader.LENGTH + EthernetHeader.LENGTH + mtu;
    return Math.clamp(LARGEST_BATCH / datagram, 1, MOST_IN_BATCH);
  }
}
