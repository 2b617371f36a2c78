package io.meshd.dataplane.switching;

/**
 * Why a frame went nowhere. The label is the counter's name after {@code dropped.}, and the word in
 * traces and logs.
 */
public enum DropReason {
  // From a TAP.
  MALFORMED("malformed", "headers longer than the frame, or contradicting each other"),
  UNSUPPORTED_ETHERTYPE("unsupported_ethertype", "neither IP nor ARP"),
  UNASSIGNED_PORT("unassigned_port", "from a TAP that no network has as port (yet)"),
  SPOOFED_MAC("spoofed_mac", "source MAC is not the port's"),
  SPOOFED_IP("spoofed_ip", "source IP, or ARP's sender, is not the port's"),
  UNSOLICITED_ARP("unsolicited_arp", "ARP that asks nothing: a reply or a gratuitous one"),
  UNKNOWN_ARP_TARGET("unknown_arp_target", "ARP for an address that the network has not"),
  NO_IPV6("no_ipv6", "IPv6 from an endpoint, or on a network, that has no IPv6 address"),
  UNSOLICITED_ND(
      "unsolicited_nd", "neighbour discovery that asks nothing: of its own address, or an answer"),
  UNKNOWN_ND_TARGET(
      "unknown_nd_target", "neighbour discovery for an address that the network has not"),
  MALFORMED_ND("malformed_nd", "neighbour discovery that was routed, cut, fragmented, or damaged"),
  ROUTER_DISCOVERY(
      "router_discovery", "IPv6 router discovery or redirect: no router speaks on an overlay"),
  MULTICAST_LISTENER(
      "multicast_listener", "IPv6 group membership: groups' frames go to all, whoever listens"),
  UNKNOWN_MAC("unknown_mac", "no endpoint of the network has the destination MAC"),
  NODE_FLOWS_ONLY("node_flows_only", "a network for ingress lets only flows from nodes pass"),
  GATEWAY_OFF_NODE("gateway_off_node", "the gateway's address never crosses to another node"),
  NOT_FOR_NODE("not_for_node", "to the node port, but not to the gateway's or node's address"),
  PORT_NOT_ATTACHED("port_not_attached", "the destination port has no TAP (yet)"),
  PORT_DOWN("port_down", "the destination TAP is down or gone"),
  FRAME_TOO_BIG(
      "frame_too_big", "larger than the path carries with 50 bytes of VXLAN, and not to be cut"),
  TOO_BIG_LIMITED("too_big_limited", "would be answered ICMP too big once too often"),
  UNSUPPORTED_OFFLOAD("unsupported_offload", "asks for an offload that was not offered"),
  UNDERLAY_BUSY("underlay_busy", "the underlay socket's buffer is full"),
  UNDERLAY_ERROR("underlay_error", "the underlay refused to send: no route, link down"),
  // To virtual addresses.
  NOT_FOR_VIRTUAL("not_for_virtual", "to a virtual address's MAC, but not to the address"),
  VIRTUAL_ICMP("virtual_icmp", "ICMP to a virtual address that is neither echo request nor error"),
  VIRTUAL_RST("virtual_rst", "RST to a virtual address that belongs to no flow"),
  VIRTUAL_FRAGMENT("virtual_fragment", "fragment to a virtual address without its first before it"),
  LYING_ICMP("lying_icmp", "ICMP error that quotes what its receiver never sent, or in part"),
  UNREACHABLE_LIMITED("unreachable_limited", "would be answered ICMP unreachable once too often"),
  FLOW_TABLE_FULL("flow_table_full", "a new flow, and none of those there may go for it"),
  FLOW_CONFLICT("flow_conflict", "a new flow whose replies would be taken for another's"),
  CONNECT_RETRIED("connect_retried", "a backend's refusal: another one is asked instead"),
  // With a client's address as source, from nodes.
  CLIENT_NOT_TARGET(
      "client_not_target", "a client's address, to what is not published with it preserved"),
  CLIENT_OFF_SLICE("client_off_slice", "a client's address, from a port that is not that node's"),
  CLIENT_FRAGMENT("client_fragment", "a client's fragment without its first before it"),
  // From the underlay.
  VIRTUAL_FROM_WIRE(
      "virtual_from_wire", "to a virtual address inside VXLAN: its own node balances"),
  VXLAN_MALFORMED("vxlan_malformed", "shorter than a VXLAN header, or without the I flag"),
  UNKNOWN_VNI("unknown_vni", "VXLAN of a network that this node has not"),
  UNKNOWN_VTEP("unknown_vtep", "outer source is no VTEP of that network"),
  INNER_MALFORMED("inner_malformed", "as malformed, inside VXLAN"),
  INNER_UNSUPPORTED("inner_unsupported", "neither IP nor ARP inside VXLAN"),
  INNER_ARP("inner_arp", "ARP inside VXLAN: every node answers from its own tables"),
  INNER_ND(
      "inner_nd", "IPv6 neighbour, router or group messages inside VXLAN: they stay on their node"),
  SPOOFED_INNER_MAC("spoofed_inner_mac", "inner source MAC is not behind that VTEP"),
  SPOOFED_INNER_IP("spoofed_inner_ip", "inner source IP is not that MAC's"),
  NOT_LOCAL("not_local", "from the underlay to a MAC that is not on this node"),
  // Encrypted networks.
  NO_KEY("no_key", "to or from an encrypted network, and nothing to seal or open it with (yet)"),
  NOT_SEALED("not_sealed", "in clear, on a network that is encrypted"),
  SEALED_ON_PLAIN("sealed_on_plain", "sealed, on a network that is not encrypted"),
  UNKNOWN_KEY("unknown_key", "sealed under a key that is not in the ring (yet, or any more)"),
  BAD_TAG("bad_tag", "sealed, and changed on its way or by who does not have the key"),
  REPLAYED("replayed", "sealed, and came before, or long after its time"),
  TOO_MANY_EPOCHS("too_many_epochs", "sealed by a node that began anew more often than is kept");

  private final String label;
  private final String meaning;

  DropReason(String label, String meaning) {
    this.label = label;
    this.meaning = meaning;
  }

  public String label() {
    return label;
  }

  /** One line for people. */
  public String meaning() {
    return meaning;
  }
}
