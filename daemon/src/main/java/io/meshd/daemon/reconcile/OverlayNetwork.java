package io.meshd.daemon.reconcile;

import io.meshd.daemon.linux.Ipv6Interface;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.dataplane.Dataplane;
import java.io.IOException;

/** What of a network's record decides how its devices look. */
public final class OverlayNetwork {
  /** What is called a jumbo frame nearly everywhere. */
  private static final int LARGEST_UNASKED = 9000;

  private static final int LARGEST_UNDERLAY = 65_535; // RFC 791

  /** Outer Ethernet-less headers: IPv4 20, UDP 8, VXLAN 8, and the inner Ethernet header 14. */
  private static final int VXLAN_OVERHEAD = 50;

  /** What Docker leaves off for encryption; sealing adds as much ({@code SealedHeader}). */
  private static final int SEALING_OVERHEAD = 26;

  private static final int SMALLEST_MTU = 68; // RFC 791
  private static final int SMALLEST_IPV6_MTU = 1280; // RFC 8200; a kernel has no IPv6 below it

  private OverlayNetwork() {}

  /**
   * The largest IPv4 packets of the underlay that a network counts on.
   *
   * @param underlayMtu as of {@link Dataplane#underlayMtu}
   */
  public static int underlayMtu(NetworkRecord network, int underlayMtu) {
    String option = network.options().get(NetworkRecord.MTU_OPTION);
    return option != null && option.matches("[0-9]{2,5}")
        ? Math.min(Integer.parseInt(option), LARGEST_UNDERLAY)
        : Math.min(underlayMtu, LARGEST_UNASKED);
  }

  /**
   * MTU of this node's interfaces on it: what the network says the underlay has, or what it has on
   * this node, less what VXLAN takes, and sealing: 1450, or 1424, on an ordinary underlay, as
   * Docker has it everywhere. Nodes may differ: the data plane keeps each frame to its path.
   *
   * @param underlayMtu as of {@link Dataplane#underlayMtu}
   */
  static int mtu(NetworkRecord network, int underlayMtu) {
    int mtu = underlayMtu(network, underlayMtu) - VXLAN_OVERHEAD;
    if (network.encrypted()) {
      mtu -= SEALING_OVERHEAD;
      mtu -= Math.floorMod(mtu, 4);
    }
    return Math.max(network.ipv6() == null ? SMALLEST_MTU : SMALLEST_IPV6_MTU, mtu);
  }

  /**
   * @throws IOException in words when this node cannot carry it
   */
  static void check(NetworkRecord network) throws IOException {
    String missing = network.encrypted() ? Dataplane.missingForEncryption() : null;
    if (missing != null) {
      throw new IOException(
          "network " + network.name() + " is encrypted, and this node cannot: " + missing);
    }
    if (network.ipv6() != null && !Ipv6Interface.possible()) {
      throw new IOException(
          "network " + network.name() + " has IPv6, and the kernel of this node has none");
    }
  }

  /** Prefix length of the subnet. */
  static int prefixLength(NetworkRecord network) {
    return Integer.parseInt(network.subnet().substring(network.subnet().indexOf('/') + 1));
  }

  /** Name of the network's TAP in the node namespace: 14 bytes of at most 15. */
  static String nodeDevice(String networkId) {
    return NODE_DEVICE_PREFIX + networkId.substring(0, Math.min(12, networkId.length()));
  }

  static final String NODE_DEVICE_PREFIX = "mn";
}
