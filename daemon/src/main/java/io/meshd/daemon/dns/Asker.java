package io.meshd.daemon.dns;

import java.util.List;

/**
 * What one who asks may see.
 *
 * @param zones of its networks, that on which it asks first; the first that has a name answers
 * @param resolvers that answer it for the outside, empty for the node's own
 */
public record Asker(List<Zone> zones, List<String> resolvers) {
  /** Sees no names of ours. */
  static final Asker OF_THE_OUTSIDE = new Asker(List.of(), List.of());
}
