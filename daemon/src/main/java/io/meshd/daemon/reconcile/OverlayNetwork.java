package io.meshd.daemon.reconcile;

import io.meshd.daemon.state.NetworkRecord;

/** What of a network's record decides how its devices look. */
final class OverlayNetwork {
  /** Docker's option for the MTU of the underlay. */
  static final String MTU_OPTION = "com.docker.network.driver.mtu";

  private static final int UNDERLAY_MTU = 1500;

  /** Outer Ethernet-less headers: IPv4 20, UDP 8, VXLAN 8, and the inner Ethernet header 14. */
  private static final int VXLAN_OVERHEAD = 50;

  private static final int SMALLEST_MTU = 68; // RFC 791

  private OverlayNetwork() {}

  /** MTU of the interfaces on it: that of the underlay less what VXLAN takes. */
  static int mtu(NetworkRecord network) {
    String option = network.options().get(MTU_OPTION);
    int underlay = UNDERLAY_MTU;
    if (option != null && option.matches("[0-9]{2,5}")) {
      underlay = Integer.parseInt(option);
    }
    return Math.max(SMALLEST_MTU, underlay - VXLAN_OVERHEAD);
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
