package io.meshd.daemon.state;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.pcollections.PMap;

/**
 * A state that was carried away, as commands into an empty log: each a piece that the log can take,
 * the cluster's record in the last.
 *
 * <p>Versions go on {@value #LEAP} later than they were carried away. Nodes may have seen versions
 * of the old history that are newer than the backup; the new history must have none of the same
 * number, or a node would put what changed in one onto the other.
 */
public final class RestoredState {
  /** Changes that the old history may have had after the backup. */
  static final long LEAP = 1_000_000_000;

  private final String at;
  private final int mostBytes;
  private final long version;
  private final List<Command> commands = new ArrayList<>();
  private Pieces pieces = new Pieces();
  private int bytes;

  private RestoredState(String at, long version, int mostBytes) {
    this.at = at;
    this.version = version;
    this.mostBytes = mostBytes;
  }

  /** The records of one command. */
  private static final class Pieces {
    final Map<String, NodeRecord> nodes = new TreeMap<>();
    final Map<String, NetworkRecord> networks = new TreeMap<>();
    final Map<String, ServiceRecord> services = new TreeMap<>();
    final Map<String, TaskRecord> tasks = new TreeMap<>();
    final Map<String, EndpointRecord> endpoints = new TreeMap<>();
    final Map<String, NodeAddress> nodeAddresses = new TreeMap<>();
  }

  /**
   * @param state with tokens and allocators, of a cluster
   * @param mostBytes of records in one command; a record that is longer has one of its own
   */
  public static List<Command> commands(ClusterState state, String at, int mostBytes) {
    RestoredState restored = new RestoredState(at, state.version() + LEAP, mostBytes);
    restored.add(state.nodes(), p -> p.nodes);
    restored.add(state.networks(), p -> p.networks);
    restored.add(state.services(), p -> p.services);
    restored.add(state.tasks(), p -> p.tasks);
    restored.add(state.endpoints(), p -> p.endpoints);
    restored.add(state.nodeAddresses(), p -> p.nodeAddresses);
    restored.finish(state.cluster(), state.allocation());
    return restored.commands;
  }

  private <V> void add(PMap<String, V> records, Function<Pieces, Map<String, V>> place) {
    for (Map.Entry<String, V> record : new TreeMap<>(records).entrySet()) {
      int size = StateCodec.encodedBytes(record.getValue()) + record.getKey().length();
      if (bytes > 0 && bytes + size > mostBytes) {
        finish(null, null);
      }
      place.apply(pieces).put(record.getKey(), record.getValue());
      bytes += size;
    }
  }

  private void finish(@Nullable ClusterRecord cluster, @Nullable Allocation allocation) {
    commands.add(
        new Command.RestoreState(
            at,
            new StateDelta(
                0,
                version,
                cluster,
                entries(pieces.nodes),
                entries(pieces.networks),
                entries(pieces.services),
                entries(pieces.tasks),
                entries(pieces.endpoints),
                entries(pieces.nodeAddresses)),
            allocation));
    pieces = new Pieces();
    bytes = 0;
  }

  private static <V> StateDelta.Entries<V> entries(Map<String, V> puts) {
    return new StateDelta.Entries<>(puts, List.of());
  }

  static String apply(Draft draft, Command.RestoreState command) {
    if (draft.cluster != null) {
      throw new Refusal(Outcome.Reason.ALREADY_EXISTS, "the cluster exists already");
    }
    StateDelta part = command.part();
    draft.nodes = part.nodes().applyTo(draft.nodes);
    draft.networks = part.networks().applyTo(draft.networks);
    draft.services = part.services().applyTo(draft.services);
    draft.tasks = part.tasks().applyTo(draft.tasks);
    draft.endpoints = part.endpoints().applyTo(draft.endpoints);
    draft.nodeAddresses = part.nodeAddresses().applyTo(draft.nodeAddresses);
    ClusterRecord cluster = part.cluster();
    Allocation allocation = command.allocation();
    if (cluster == null || allocation == null) {
      return "";
    }
    draft.cluster = cluster;
    draft.goOnFrom(part.to(), allocation);
    return cluster.id();
  }
}
