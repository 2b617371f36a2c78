package io.meshd.dataplane.vxlan;

import java.util.Arrays;

/** What each path carries, as the loops look it up. Immutable; swapped by reference. */
public final class PathTable {
  private final int[] vteps;
  private final int[] frames;
  private final int unknownFrame;
  private final int smallestFrame;

  /**
   * @param vteps sorted
   * @param mtus of the paths to them; 0 for one that is not known
   * @param unknown what a path is taken to be that is not known or not here
   */
  public PathTable(int[] vteps, int[] mtus, int unknown) {
    this.vteps = vteps.clone();
    unknownFrame = VxlanOverhead.largestFrame(unknown);
    frames = new int[mtus.length];
    int smallest = unknownFrame;
    for (int i = 0; i < mtus.length; i++) {
      frames[i] = mtus[i] == 0 ? unknownFrame : VxlanOverhead.largestFrame(mtus[i]);
      smallest = Math.min(smallest, frames[i]);
    }
    smallestFrame = smallest;
  }

  /** Where no path is known. */
  public static PathTable unknown(int mtu) {
    return new PathTable(new int[0], new int[0], mtu);
  }

  /** Bytes of the largest frame, its Ethernet header included, that passes to that VTEP whole. */
  public int largestFrame(int vtep) {
    int i = Arrays.binarySearch(vteps, vtep);
    return i < 0 ? unknownFrame : frames[i];
  }

  /** Bytes of a frame that passes everywhere, for sure. */
  public int smallestFrame() {
    return smallestFrame;
  }
}
