package io.meshd.dataplane.vxlan;

import io.meshd.dataplane.Ipv4Address;
import java.util.Arrays;
import java.util.List;

/**
 * The VTEPs of one network other than this node: whom to flood to and whom to believe. Immutable.
 */
public final class VtepTable {
  private final int[] sorted;

  public VtepTable(List<Ipv4Address> vteps) {
    sorted = vteps.stream().mapToInt(Ipv4Address::bits).sorted().distinct().toArray();
  }

  public boolean contains(int address) {
    return Arrays.binarySearch(sorted, address) >= 0;
  }

  public int size() {
    return sorted.length;
  }

  /** Each of them once, in an order without meaning. */
  public int get(int index) {
    return sorted[index];
  }
}
