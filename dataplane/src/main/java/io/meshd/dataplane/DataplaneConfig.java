package io.meshd.dataplane;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * @param vtep underlay address of this node: outer source of what it sends, and bound to receive
 * @param vxlanPort UDP port, 4789 by default (RFC 7348)
 * @param loops data loops, at least 1; loop 0 receives from the underlay, TAPs are spread over the
 *     others where there are others
 * @param flowTable file of the balanced flows, where a successor finds them; beside it, with {@code
 *     .replay} behind the name, what came on encrypted networks; null: they end with this data
 *     plane
 * @param flowCapacity flows, rounded up to a power of two; 72 bytes each, as they come
 * @param paths when the paths to other VTEPs are asked what they carry
 */
public record DataplaneConfig(
    Ipv4Address vtep,
    int vxlanPort,
    int loops,
    @Nullable Path flowTable,
    int flowCapacity,
    PathTiming paths) {

  /** Of a node, unless it says otherwise. */
  public static final int DEFAULT_FLOWS = 1 << 20;

  private static final int FEW_FLOWS = 1 << 14;

  /** With the usual timing of paths. */
  public DataplaneConfig(
      Ipv4Address vtep, int vxlanPort, int loops, @Nullable Path flowTable, int flowCapacity) {
    this(vtep, vxlanPort, loops, flowTable, flowCapacity, PathTiming.DEFAULT);
  }

  /** With few flows that end with it. */
  public DataplaneConfig(Ipv4Address vtep, int vxlanPort, int loops) {
    this(vtep, vxlanPort, loops, null, FEW_FLOWS);
  }
}
