package io.meshd.dataplane.switching;

import io.meshd.dataplane.ForwardingSpec;
import io.meshd.dataplane.lb.LoadBalancer;
import io.meshd.dataplane.lb.ServiceTable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/** A {@link ForwardingSpec} compiled for lookups. Immutable; swapped by reference. */
public final class ForwardingTables {
  /** What {@code slotOfPort} answers for a port without a TAP. */
  public static final int NO_SLOT = Station.NO_SLOT;

  /** Knows nobody: drops everything. */
  public static final ForwardingTables EMPTY = new ForwardingTables(List.of());

  private final LongTable<NetworkTable> byVni;
  private final LongTable<NetworkTable.Source> bySlot;

  private ForwardingTables(List<NetworkTable> networks) {
    byVni = new LongTable<>(networks, network -> network.vni);
    List<NetworkTable.Source> sources = new ArrayList<>();
    networks.forEach(network -> sources.addAll(network.sources()));
    bySlot = new LongTable<>(sources, NetworkTable.Source::slot);
  }

  /**
   * @param slotOfPort the loops' number for the TAP of a port, or {@link #NO_SLOT}
   * @param balancer of the loops that are to use the tables
   */
  public static ForwardingTables compile(
      ForwardingSpec spec, ToIntFunction<String> slotOfPort, LoadBalancer balancer) {
    return EMPTY.next(spec, slotOfPort, balancer);
  }

  /**
   * The tables that follow these, whose networks they share where nothing about them has changed.
   *
   * @param slotOfPort as for {@link #compile}
   * @param balancer the one of these tables
   */
  public ForwardingTables next(
      ForwardingSpec spec, ToIntFunction<String> slotOfPort, LoadBalancer balancer) {
    balancer.beginSpec();
    List<NetworkTable> networks = new ArrayList<>(spec.networks().size());
    for (ForwardingSpec.Network network : spec.networks()) {
      NetworkTable old = network(network.vni());
      if (old != null && old.isOf(network, slotOfPort)) {
        old.services().forEach(balancer::keep);
        networks.add(old);
      } else {
        networks.add(new NetworkTable(network, slotOfPort, balancer));
      }
    }
    return new ForwardingTables(networks);
  }

  /** What answers for a virtual address; null where there is none. */
  public @Nullable ServiceTable service(int vni, int ip) {
    NetworkTable network = byVni.get(vni);
    Station station = network == null ? null : network.byIp(ip);
    return station == null ? null : station.service();
  }

  @Nullable NetworkTable network(int vni) {
    return byVni.get(vni);
  }

  NetworkTable.@Nullable Source source(int slot) {
    return bySlot.get(slot);
  }
}
