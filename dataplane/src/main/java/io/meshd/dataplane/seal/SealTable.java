package io.meshd.dataplane.seal;

import io.meshd.dataplane.DataKey;
import io.meshd.dataplane.ForwardingSpec;
import io.meshd.dataplane.Ipv4Address;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Of a {@link ForwardingSpec}, who seals for whom: the other nodes of each encrypted network, and
 * the ring of keys, the one to seal with first. Immutable.
 */
public final class SealTable {
  public static final SealTable EMPTY = new SealTable(0, Set.of(), List.of());

  private final int self;
  private final Set<Long> peers;
  private final List<KeySchedule> ring;

  private SealTable(int self, Set<Long> peers, List<KeySchedule> ring) {
    this.self = self;
    this.peers = peers;
    this.ring = ring;
  }

  /** Keeps what was derived of keys that stay; one thread at a time. */
  public static final class Compiler {
    private final Ipv4Address self;
    private Map<DataKey, KeySchedule> known = Map.of();

    /**
     * @param self this node's VTEP
     */
    public Compiler(Ipv4Address self) {
      this.self = self;
    }

    public SealTable compile(ForwardingSpec spec) {
      Set<Long> peers = new TreeSet<>();
      for (ForwardingSpec.Network network : spec.networks()) {
        if (network.encrypted()) {
          network.vteps().forEach(vtep -> peers.add(peer(network.vni(), vtep.bits())));
        }
      }
      Map<DataKey, KeySchedule> schedules = new HashMap<>();
      for (DataKey key : spec.dataKeys()) {
        KeySchedule old = known.get(key);
        schedules.put(key, old != null ? old : new KeySchedule(key));
      }
      known = schedules;
      return new SealTable(
          self.bits(),
          peers,
          spec.dataKeys().stream().distinct().map(schedules::get).collect(Collectors.toList()));
    }
  }

  int self() {
    return self;
  }

  /** As {@link #peer} numbers them. */
  Set<Long> peers() {
    return peers;
  }

  List<KeySchedule> ring() {
    return ring;
  }

  /** A node on a network, as one number. */
  static long peer(int vni, int vtep) {
    return (long) vni << 32 | (vtep & 0xffffffffL);
  }
}
