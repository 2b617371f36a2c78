package io.meshd.dataplane.lb;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The backends of all networks by address, numbered for the flow table. A number is given again
 * only when its backend is in no spec any more and has no open flow. Changes come from one thread
 * at a time; loops read.
 */
final class Backends {
  static final int NONE = -1;

  private static final int LEAST_SLOTS = 16;

  private final Map<Long, BackendLoad> byAddress = new HashMap<>();
  private final ArrayDeque<Integer> free = new ArrayDeque<>();
  private volatile @Nullable BackendLoad[] bySlot = new BackendLoad[0];
  private int slots;
  private int spec;

  /**
   * The backend at an address. Another task at the same address begins anew; one adopted with its
   * flows (empty id) keeps their number.
   */
  synchronized BackendLoad of(int vni, int ip, String id) {
    long address = (long) vni << 32 | (ip & 0xffffffffL);
    BackendLoad load = byAddress.get(address);
    if (load == null) {
      load = new BackendLoad(free.isEmpty() ? slots++ : free.pop(), id);
      byAddress.put(address, load);
      @Nullable BackendLoad[] loads = bySlot;
      if (loads.length < slots) {
        loads = Arrays.copyOf(loads, Math.max(LEAST_SLOTS, 2 * slots));
      }
      loads[load.slot()] = load;
      bySlot = loads; // in any case, for the loops to see what is in it
    } else if (!load.id.equals(id) && !id.isEmpty()) {
      load.id = id;
      load.ejection().reset();
    }
    load.spec = spec;
    return load;
  }

  /** As if all of them were asked for, which they were for the last spec. */
  synchronized void keep(Candidate[] candidates) {
    for (Candidate candidate : candidates) {
      candidate.load().spec = spec;
    }
  }

  /** Before the backends of a new spec are asked for. */
  synchronized void beginSpec() {
    byAddress
        .entrySet()
        .removeIf(
            entry -> {
              BackendLoad load = entry.getValue();
              // Not in the last spec: no loop chooses it any more.
              boolean unused = load.spec != spec && load.openFlows() == 0;
              if (unused) {
                free.add(load.slot());
              }
              return unused;
            });
    spec++;
  }

  /** The one with this number, or null if there is none. */
  @Nullable BackendLoad at(int slot) {
    @Nullable BackendLoad[] loads = bySlot;
    return slot >= 0 && slot < loads.length ? loads[slot] : null;
  }
}
