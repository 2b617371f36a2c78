package io.meshd.dataplane.switching;

/** What a loop counts besides drops. Bytes are of frames, without VXLAN and what is outside it. */
public enum TrafficCounter {
  TAP_RX_FRAMES("tap.rx_frames"),
  TAP_RX_BYTES("tap.rx_bytes"),
  TAP_TX_FRAMES("tap.tx_frames"),
  TAP_TX_BYTES("tap.tx_bytes"),
  VXLAN_RX_DATAGRAMS("vxlan.rx_datagrams"),
  VXLAN_RX_BATCHES("vxlan.rx_batches"),
  VXLAN_TX_DATAGRAMS("vxlan.tx_datagrams"),
  VXLAN_TX_BATCHES("vxlan.tx_batches"),
  PATH_PROBES("path.probes"),
  PATH_ANSWERS("path.answers"),
  MSS_CLAMPED("path.mss_clamped"),
  RECUT("path.recut"),
  FRAGMENTED("path.fragmented"),
  LEFT_TO_UNDERLAY("path.left_to_underlay"),
  TOO_BIG_ANSWERS("path.too_big_answers"),
  SEALED("vxlan.sealed"),
  OPENED("vxlan.opened"),
  ARP_REPLIES("arp.replies"),
  ND_REPLIES("nd.replies"),
  VIRTUAL_ECHO_REPLIES("virtual.echo_replies"),
  VIRTUAL_RSTS("virtual.rsts"),
  VIRTUAL_UNREACHABLES("virtual.unreachables"),
  VIRTUAL_RETRIES("virtual.retries"),
  PRESERVED_REQUESTS("preserved.requests"),
  PRESERVED_REPLIES("preserved.replies");

  private final String label;

  TrafficCounter(String label) {
    this.label = label;
  }

  public String label() {
    return label;
  }
}
