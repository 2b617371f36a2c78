package io.meshd.dataplane.vxlan;

import java.util.Arrays;

/**
 * What each path carries, as the loops look it up. Of one that is not known (yet) no frame of ours
 * is made larger than an ordinary underlay carries; but what a sender has made larger is not
 * refused before its path is known, as the sender would believe that for minutes. Immutable;
 * swapped by reference.
 */
public final class PathTable {
  private static final int ORDINARY = 1500;

  private final int[] vteps;
  private final int[] frames;
  private final int unknownFrame;
  private final int deviceFrame;
  private final int smallestFrame;

  /**
   * @param vteps sorted
   * @param mtus of the paths to them; 0 for one that is not known
   * @param device MTU of the underlay's interface
   */
  public PathTable(int[] vteps, int[] mtus, int device) {
    this.vteps = vteps.clone();
    deviceFrame = VxlanOverhead.largestFrame(device);
    unknownFrame = VxlanOverhead.largestFrame(Math.min(device, ORDINARY));
    frames = new int[mtus.length];
    int smallest = unknownFrame;
    for (int i = 0; i < mtus.length; i++) {
      frames[i] = mtus[i] == 0 ? 0 : VxlanOverhead.largestFrame(mtus[i]);
      smallest = mtus[i] == 0 ? smallest : Math.min(smallest, frames[i]);
    }
    smallestFrame = smallest;
  }

  /** Where no path is known. */
  public static PathTable unknown(int device) {
    return new PathTable(new int[0], new int[0], device);
  }

  /** Bytes of the largest frame, its Ethernet header included, that passes to that VTEP whole. */
  public int largestFrame(int vtep) {
    int known = known(vtep);
    return known == 0 ? unknownFrame : known;
  }

  /** As {@link #largestFrame}, but where that is not known what passes this node's interface. */
  public int largestToRefuse(int vtep) {
    int known = known(vtep);
    return known == 0 ? deviceFrame : known;
  }

  private int known(int vtep) {
    int i = Arrays.binarySearch(vteps, vtep);
    return i < 0 ? 0 : frames[i];
  }

  /** Bytes of a frame that passes everywhere, for sure. */
  public int smallestFrame() {
    return smallestFrame;
  }
}
