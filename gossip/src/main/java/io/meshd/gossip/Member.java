package io.meshd.gossip;

import io.meshd.gossip.membership.Peer;
import io.meshd.gossip.wire.Address;
import io.meshd.gossip.wire.PushPull.Liveness;
import java.util.Map;

/**
 * A member as this node sees it.
 *
 * @param tags what it says of itself
 * @param state SUSPECT counts as living
 * @param incarnation how often it had to say anew that it lives, from 1
 */
public record Member(
    String name, Address address, Map<String, String> tags, Liveness state, long incarnation) {
  static Member of(Peer peer) {
    return new Member(
        peer.name(), peer.address(), Map.copyOf(peer.tags()), peer.state(), peer.incarnation());
  }

  public boolean lives() {
    return state == Liveness.ALIVE || state == Liveness.SUSPECT;
  }
}
