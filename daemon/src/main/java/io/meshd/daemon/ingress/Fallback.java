package io.meshd.daemon.ingress;

/**
 * Why a connection to a port that keeps the client's address was made with the node's after all.
 * Append only: the labels are read by scripts.
 */
enum Fallback {
  /** An IPv6 client; tasks are asked over IPv4. */
  IPV6_CLIENT("ipv6_client"),
  /** The node itself. */
  NODE_CLIENT("node_client"),
  /** An address of an overlay, or of a bridge of the node. */
  CLUSTER_CLIENT("cluster_client"),
  /** Every port that the node has for the client is in use towards that backend. */
  SLICE_EXHAUSTED("slice_exhausted"),
  /** The node's number is beyond the last slice, or it has none yet. */
  NO_SLICE("no_slice"),
  /** The kernel is older than Linux 6.3, or forbids it. */
  UNSUPPORTED("unsupported");

  private final String label;

  Fallback(String label) {
    this.label = label;
  }

  String label() {
    return label;
  }
}
