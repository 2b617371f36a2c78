package io.meshd.daemon.state;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.pcollections.PMap;

/**
 * The way from one version of the state to a later one, as a watch sends it. Versions may be
 * skipped: a slow watcher gets one delta over many versions.
 *
 * @param from the version it applies to, and to no other
 * @param cluster the new record, or null where it did not change
 */
public record StateDelta(
    long from,
    long to,
    @Nullable ClusterRecord cluster,
    Entries<NodeRecord> nodes,
    Entries<NetworkRecord> networks,
    Entries<ServiceRecord> services,
    Entries<TaskRecord> tasks,
    Entries<EndpointRecord> endpoints,
    Entries<NodeAddress> nodeAddresses) {

  /** Changes of one map: what is new or different by key, and the keys that are gone. */
  public record Entries<V>(Map<String, V> puts, List<String> deletes) {

    static <V> Entries<V> between(PMap<String, V> old, PMap<String, V> next) {
      if (same(old, next)) {
        return new Entries<>(Map.of(), List.of());
      }
      Map<String, V> puts = new TreeMap<>();
      next.forEach(
          (key, value) -> {
            if (!same(old.get(key), value)) {
              puts.put(key, value);
            }
          });
      List<String> deletes = new ArrayList<>();
      for (String key : old.keySet()) {
        if (!next.containsKey(key)) {
          deletes.add(key);
        }
      }
      deletes.sort(null);
      return new Entries<>(puts, deletes);
    }

    // Unchanged records are shared between versions; comparing their contents would cost a walk
    // through every record on every version.
    @SuppressWarnings("ReferenceEquality")
    private static boolean same(@Nullable Object old, Object next) {
      return old == next;
    }

    PMap<String, V> applyTo(PMap<String, V> old) {
      return old.minusAll((Collection<?>) deletes).plusAll(puts);
    }
  }

  /**
   * Both of one history, {@code old} first, and both {@link ClusterState#redacted} or neither. The
   * allocators' memory is never sent.
   */
  public static StateDelta between(ClusterState old, ClusterState next) {
    return new StateDelta(
        old.version(),
        next.version(),
        Objects.equals(old.cluster(), next.cluster()) ? null : next.cluster(),
        Entries.between(old.nodes(), next.nodes()),
        Entries.between(old.networks(), next.networks()),
        Entries.between(old.services(), next.services()),
        Entries.between(old.tasks(), next.tasks()),
        Entries.between(old.endpoints(), next.endpoints()),
        Entries.between(old.nodeAddresses(), next.nodeAddresses()));
  }

  /** The same with other services and tasks. */
  StateDelta with(Entries<ServiceRecord> otherServices, Entries<TaskRecord> otherTasks) {
    return new StateDelta(
        from, to, cluster, nodes, networks, otherServices, otherTasks, endpoints, nodeAddresses);
  }

  /**
   * @throws IllegalArgumentException when {@code old} is not the version this starts from: the
   *     watcher must ask for the full state again
   */
  public ClusterState applyTo(ClusterState old) {
    if (old.version() != from) {
      throw new IllegalArgumentException(
          "a delta from version " + from + " does not apply to version " + old.version());
    }
    return new ClusterState(
        to,
        cluster == null ? old.cluster() : cluster,
        nodes.applyTo(old.nodes()),
        networks.applyTo(old.networks()),
        services.applyTo(old.services()),
        tasks.applyTo(old.tasks()),
        endpoints.applyTo(old.endpoints()),
        nodeAddresses.applyTo(old.nodeAddresses()),
        old.allocation());
  }
}
