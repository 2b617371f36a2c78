package io.meshd.dataplane.lb;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The backends of all networks by address, numbered for the flow table. A number is given again
 * only when its backend is in no spec any more and has no open flow. Changes come from one thread
 * at a time; loops read.
 */
final class Backends {
  static final int NONE = -1;

  private final Map<Long, BackendLoad> byAddress = new HashMap<>();
  private final Set<Long> wanted = new HashSet<>();
  private final ArrayDeque<Integer> free = new ArrayDeque<>();
  private volatile @Nullable BackendLoad[] bySlot = new BackendLoad[0];
  private int slots;

  /**
   * The backend at an address. Another task at the same address begins anew; one adopted with its
   * flows (empty id) keeps their number.
   */
  synchronized BackendLoad of(int vni, int ip, String id) {
    long address = (long) vni << 32 | (ip & 0xffffffffL);
    wanted.add(address);
    BackendLoad load = byAddress.get(address);
    if (load == null) {
      load = new BackendLoad(free.isEmpty() ? slots++ : free.pop(), id);
      byAddress.put(address, load);
      @Nullable BackendLoad[] grown = Arrays.copyOf(bySlot, Math.max(bySlot.length, slots));
      grown[load.slot()] = load;
      bySlot = grown;
    } else if (!load.id.equals(id) && !id.isEmpty()) {
      load.id = id;
      load.ejection().reset();
    }
    return load;
  }

  /** Before the backends of a new spec are asked for. */
  synchronized void beginSpec() {
    byAddress
        .entrySet()
        .removeIf(
            entry -> {
              BackendLoad load = entry.getValue();
              // Not in the last spec: no loop chooses it any more.
              boolean unused = !wanted.contains(entry.getKey()) && load.openFlows() == 0;
              if (unused) {
                free.add(load.slot());
              }
              return unused;
            });
    wanted.clear();
  }

  /** The one with this number, or null if there is none. */
  @Nullable BackendLoad at(int slot) {
    @Nullable BackendLoad[] loads = bySlot;
    return slot >= 0 && slot < loads.length ? loads[slot] : null;
  }
}
