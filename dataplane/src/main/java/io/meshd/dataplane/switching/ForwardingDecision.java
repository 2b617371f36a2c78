package io.meshd.dataplane.switching;

import java.util.Arrays;

/**
 * Where a frame goes: ports of this node by slot, and VTEPs with the network's VNI. Empty means
 * dropped and counted. One per loop, reused.
 */
public final class ForwardingDecision {
  private int[] slots = new int[16];
  private int slotCount;
  private int[] vteps = new int[16];
  private int vtepCount;
  private int vni;
  private long destinationMac;

  void clear(int vni) {
    this.vni = vni;
    slotCount = 0;
    vtepCount = 0;
    destinationMac = 0;
  }

  void rewriteDestination(long mac) {
    destinationMac = mac;
  }

  void addSlot(int slot) {
    if (slotCount == slots.length) {
      slots = Arrays.copyOf(slots, 2 * slotCount);
    }
    slots[slotCount++] = slot;
  }

  void addVtep(int vtep) {
    if (vtepCount == vteps.length) {
      vteps = Arrays.copyOf(vteps, 2 * vtepCount);
    }
    vteps[vtepCount++] = vtep;
  }

  public int slotCount() {
    return slotCount;
  }

  public int slot(int index) {
    return slots[index];
  }

  public int vtepCount() {
    return vtepCount;
  }

  /** Underlay address, first byte highest. */
  public int vtep(int index) {
    return vteps[index];
  }

  public int vni() {
    return vni;
  }

  /** The destination MAC to write into the frame before it goes to the port, or 0 to leave it. */
  public long destinationMac() {
    return destinationMac;
  }
}
