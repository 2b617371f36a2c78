package io.meshd.dataplane.lb;

import java.util.Arrays;

/**
 * What was done to first fragments, for those that follow: they have no ports to find a flow by.
 * Kept for the 30 s that also the kernel waits for the rest. Four places per hash, the oldest goes
 * first. One per loop: all fragments of a packet come to the loop that its first came to.
 */
public final class FragmentTable {
  private static final int SETS = 256;
  private static final int WAYS = 4;
  private static final int SECONDS = 30;

  private final long[] addresses = new long[SETS * WAYS];
  private final long[] packets = new long[SETS * WAYS];
  private final int[] sources = new int[SETS * WAYS];
  private final int[] destinations = new int[SETS * WAYS];
  private final int[] seconds = new int[SETS * WAYS];
  private int found;

  public FragmentTable() {
    Arrays.fill(packets, -1);
  }

  /**
   * Remembers what the addresses of a packet became.
   *
   * @param identification of the packet; the protocol and network tell it from others' too
   */
  public void remember(
      int vni,
      int protocol,
      int identification,
      int source,
      int destination,
      int newSource,
      int newDestination,
      int nowSeconds) {
    long packet = packet(vni, protocol, identification);
    long pair = pair(source, destination);
    int set = set(packet, pair);
    int place = set;
    for (int i = set; i < set + WAYS; i++) {
      if (packets[i] == packet && addresses[i] == pair) {
        place = i;
        break;
      }
      if (packets[i] == -1 || (packets[place] != -1 && seconds[i] - seconds[place] < 0)) {
        place = i;
      }
    }
    packets[place] = packet;
    addresses[place] = pair;
    sources[place] = newSource;
    destinations[place] = newDestination;
    seconds[place] = nowSeconds;
  }

  /** Looks for the packet's first fragment; {@link #source} and {@link #destination} tell more. */
  public boolean find(
      int vni, int protocol, int identification, int source, int destination, int nowSeconds) {
    long packet = packet(vni, protocol, identification);
    long pair = pair(source, destination);
    int set = set(packet, pair);
    for (int i = set; i < set + WAYS; i++) {
      if (packets[i] == packet && addresses[i] == pair && nowSeconds - seconds[i] <= SECONDS) {
        found = i;
        return true;
      }
    }
    return false;
  }

  /** What the source of the packet found became. */
  public int source() {
    return sources[found];
  }

  /** What the destination of the packet found became. */
  public int destination() {
    return destinations[found];
  }

  private static long packet(int vni, int protocol, int identification) {
    return (long) vni << 40 | (long) protocol << 32 | (identification & 0xffffffffL);
  }

  private static long pair(int source, int destination) {
    return (long) source << 32 | (destination & 0xffffffffL);
  }

  private static int set(long packet, long pair) {
    long h = (packet ^ Long.rotateLeft(pair, 23)) * 0x9e3779b97f4a7c15L;
    return (int) (h >>> 56) * WAYS;
  }
}
