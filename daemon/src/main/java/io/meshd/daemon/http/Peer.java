package io.meshd.daemon.http;

import org.jspecify.annotations.Nullable;

/** Who is at the other end. */
public sealed interface Peer {

  /** On the unix socket (SO_PEERCRED). */
  record Local(int uid, int gid, int pid) implements Peer {}

  /**
   * On :2377.
   *
   * @param nodeId of its certificate, or null when the peer showed none: it may only join
   * @param role worker or manager, what both its certificate and the cluster say; or null
   * @param address of the TCP peer, without port
   */
  record Remote(@Nullable String nodeId, @Nullable String role, String address) implements Peer {}
}
