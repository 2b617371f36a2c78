package io.meshd.dataplane.switching;

/**
 * Who has a MAC and an IP on a network.
 *
 * @param slot the local port's number, or {@link #NO_SLOT}: remote, or a port without TAP
 * @param vtep underlay address of the node it is behind; 0 for this node
 */
record Station(Kind kind, long mac, int ip, int slot, int vtep) {
  static final int NO_SLOT = -1;

  enum Kind {
    /** A task's or somebody else's endpoint. */
    ENDPOINT,
    /** A node's own address, on its node port. */
    NODE,
    /** The gateway's address, on this node's node port; the same on every node. */
    GATEWAY
  }

  boolean isLocal() {
    return vtep == 0;
  }

  boolean isNodePort() {
    return kind != Kind.ENDPOINT;
  }
}
