package io.meshd.gossip.membership;

import io.meshd.gossip.wire.PushPull.Liveness;

/** Hears what happens to members; on the core's thread, after the table has changed. */
public interface MembershipListener {
  /**
   * A member is new, or its state, address or tags changed.
   *
   * @param before its state until now; {@link Liveness#LEFT} for one that is new
   */
  void changed(Peer peer, Liveness before);

  /** A dead or departed member is in the table no longer. */
  void forgotten(Peer peer);

  /** There is something new to tell. */
  void news();
}
