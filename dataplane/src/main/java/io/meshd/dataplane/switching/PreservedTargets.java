package io.meshd.dataplane.switching;

import io.meshd.dataplane.ForwardingSpec;
import io.meshd.dataplane.PortSlice;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A network's {@link ForwardingSpec.Preserved} compiled for lookups. Immutable. */
final class PreservedTargets {
  private final LongTable<Boolean> targets;
  private final @Nullable Station[] nodeBySlice = new Station[PortSlice.COUNT];

  PreservedTargets(ForwardingSpec.Preserved preserved, LongTable<Station> byIp) {
    Map<Long, Boolean> ports = new HashMap<>();
    for (ForwardingSpec.PreservedTarget target : preserved.targets()) {
      ports.put(key(target.ip().bits(), target.protocol(), target.port()), true);
    }
    targets = new LongTable<>(ports);
    for (ForwardingSpec.NodeSlice node : preserved.slices()) {
      Station station = byIp.get((long) node.node().bits());
      if (station != null && station.kind() == Station.Kind.NODE) {
        nodeBySlice[node.slice().number()] = station;
      }
    }
  }

  boolean has(int ip, int protocol, int port) {
    return targets.get(key(ip, protocol, port)) != null;
  }

  /** The node in whose slice a port is, or null. */
  @Nullable Station nodeOf(int port) {
    int slice = PortSlice.numberOf(port);
    return slice < 0 ? null : nodeBySlice[slice];
  }

  private static long key(int ip, int protocol, int port) {
    return (long) ip << 32 | (long) protocol << 16 | port;
  }
}
