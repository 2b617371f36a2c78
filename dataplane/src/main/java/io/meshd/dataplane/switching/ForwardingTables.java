package io.meshd.dataplane.switching;

import io.meshd.dataplane.ForwardingSpec;
import io.meshd.dataplane.lb.LoadBalancer;
import java.util.HashMap;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/** A {@link ForwardingSpec} compiled for lookups. Immutable; swapped by reference. */
public final class ForwardingTables {
  /** What {@code slotOfPort} answers for a port without a TAP. */
  public static final int NO_SLOT = Station.NO_SLOT;

  /** Knows nobody: drops everything. */
  public static final ForwardingTables EMPTY = new ForwardingTables(Map.of(), Map.of());

  private final LongTable<NetworkTable> byVni;
  private final LongTable<NetworkTable.Source> bySlot;

  private ForwardingTables(
      Map<Long, NetworkTable> networks, Map<Long, NetworkTable.Source> sources) {
    byVni = new LongTable<>(networks);
    bySlot = new LongTable<>(sources);
  }

  /**
   * @param slotOfPort the loops' number for the TAP of a port, or {@link #NO_SLOT}
   * @param balancer of the loops that are to use the tables
   */
  public static ForwardingTables compile(
      ForwardingSpec spec, ToIntFunction<String> slotOfPort, LoadBalancer balancer) {
    balancer.beginSpec();
    Map<Long, NetworkTable> networks = new HashMap<>();
    Map<Long, NetworkTable.Source> sources = new HashMap<>();
    for (ForwardingSpec.Network network : spec.networks()) {
      NetworkTable table = new NetworkTable(network, slotOfPort, balancer);
      networks.put((long) table.vni, table);
      for (NetworkTable.Source source : table.sources()) {
        sources.put((long) source.slot(), source);
      }
    }
    return new ForwardingTables(networks, sources);
  }

  @Nullable NetworkTable network(int vni) {
    return byVni.get(vni);
  }

  NetworkTable.@Nullable Source source(int slot) {
    return bySlot.get(slot);
  }
}
