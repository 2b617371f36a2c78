package io.meshd.daemon.state;

import java.util.Map;

/**
 * The allocators' memory beyond what the records say: where each serial search goes on.
 *
 * @param nextHost by network ID: offset in the subnet at which the next search starts
 * @param nextVni next VNI to try
 * @param nextPort by protocol (tcp, udp): next dynamic published port to try
 */
public record Allocation(Map<String, Long> nextHost, int nextVni, Map<String, Integer> nextPort) {

  /** Before the first network: searches start at their beginning. */
  static final Allocation EMPTY = new Allocation(Map.of(), 0, Map.of());
}
