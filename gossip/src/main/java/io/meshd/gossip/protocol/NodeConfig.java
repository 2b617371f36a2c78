package io.meshd.gossip.protocol;

import io.meshd.gossip.membership.Timing;
import io.meshd.gossip.wire.Address;
import io.meshd.gossip.wire.Bytes;
import io.meshd.gossip.wire.Tags;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a node says of itself.
 *
 * @param name unique in the cluster
 * @param advertised where others reach it
 * @param tags for all to see; with ours and serf's own, at most {@link Tags#MAX_BYTES} encoded
 */
public record NodeConfig(String name, Address advertised, Map<String, String> tags, Timing timing) {
  /** Its presence says that a member understands more than membership. */
  public static final String OURS_TAG = "meshd";

  private static final String VERSION = "1";

  public NodeConfig {
    if (name.isEmpty() || name.length() > 128) {
      throw new IllegalArgumentException("a node's name has 1 to 128 characters");
    }
    tags = Map.copyOf(tags);
  }

  Bytes meta() {
    return meta(tags);
  }

  static Bytes meta(Map<String, String> tags) {
    Map<String, String> all = new TreeMap<>(tags);
    all.putIfAbsent("role", OURS_TAG);
    all.put(OURS_TAG, VERSION);
    return Tags.encode(all);
  }
}
