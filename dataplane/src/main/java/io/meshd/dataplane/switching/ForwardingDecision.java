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
  private boolean sealed;
  private long destinationMac;
  private long sourceMac;
  private int sourceIp;
  private long sourceHigh;
  private long sourceLow;
  private int answerLength;
  private boolean injected;

  /** For a frame of no network yet. */
  void clear() {
    clear(0, false);
  }

  void clear(int vni, boolean sealed) {
    this.vni = vni;
    this.sealed = sealed;
    sourceMac = 0;
    answerLength = 0;
    injected = false;
    slotCount = 0;
    vtepCount = 0;
    destinationMac = 0;
  }

  void rewriteDestination(long mac) {
    destinationMac = mac;
  }

  void rewriteSource(Station other) {
    sourceMac = other.mac();
    sourceIp = other.ip();
    sourceHigh = other.ipv6High();
    sourceLow = other.ipv6Low();
  }

  void answer(int length) {
    answerLength = length;
  }

  void inject() {
    injected = true;
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

  /** Whether it is to be sealed for every VTEP: a network that is encrypted. */
  public boolean sealed() {
    return sealed;
  }

  /**
   * The source MAC to write into the frame with {@link #sourceIp}, or into one of IPv6 with {@link
   * #sourceHigh} and {@link #sourceLow}; 0 to leave both.
   */
  public long sourceMac() {
    return sourceMac;
  }

  public int sourceIp() {
    return sourceIp;
  }

  public long sourceHigh() {
    return sourceHigh;
  }

  public long sourceLow() {
    return sourceLow;
  }

  /**
   * How long the frame is now: it has been made an answer, whole, that asks for no offload. 0 if it
   * has not.
   */
  public int answerLength() {
    return answerLength;
  }

  /**
   * Whether not the frame given goes there but another one, complete, that lies where the switch's
   * {@link VirtualSwitch#frame} says, until the next call.
   */
  public boolean isInjected() {
    return injected;
  }

  /** The destination MAC to write into the frame before it goes to the port, or 0 to leave it. */
  public long destinationMac() {
    return destinationMac;
  }
}
