package io.meshd.daemon.peers;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is known of the other nodes by what they said themselves. Immutable.
 *
 * @param nodes by node ID; one that was never heard of, since this daemon started, is absent
 * @param told endpoints by their IDs; absent until all that the node has on that network is known
 */
public record PeerFacts(Map<String, Life> nodes, Map<Owned, ? extends Map<String, Presence>> told) {

  /** Nobody was heard of. */
  public static final PeerFacts NONE = new PeerFacts(Map.of(), Map.of());

  /** Of a node. */
  public enum Life {
    THERE,
    /** It does not answer. That may be wrong: whoever lives says so within seconds. */
    SUSPECTED,
    /** Dead or left. What it has is kept, for the case that it returns, and not used. */
    GONE
  }

  /** What a node has on a network. */
  public record Owned(String node, String network) {}

  /** All that a node has on a network; null while that is not known. */
  @Nullable Map<String, Presence> told(String nodeId, String networkId) {
    return told.get(new Owned(nodeId, networkId));
  }
}
