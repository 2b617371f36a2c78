package io.meshd.daemon.peers;

import io.meshd.api.Mesh;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.gossip.GossipStatus;
import io.meshd.gossip.Member;
import io.meshd.gossip.records.StreamStatus;
import java.time.Duration;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** How gossip does, with the names that people know. Keys are shown by a digest alone. */
final class GossipView {
  private final ClusterState state;

  private GossipView(ClusterState state) {
    this.state = state;
  }

  /** {@code counted}: beside what gossip itself counts. */
  static Mesh.Gossip of(
      String self, GossipStatus status, Map<String, Long> counted, ClusterState state) {
    return new GossipView(state).of(self, status, counted);
  }

  private Mesh.Gossip of(String self, GossipStatus status, Map<String, Long> counted) {
    ClusterRecord cluster = state.cluster();
    Map<String, Long> counters = new TreeMap<>(counted);
    status.counters().forEach((name, value) -> counters.put(word(name), value));
    status.transport().forEach((name, value) -> counters.put(word(name), value));
    return new Mesh.Gossip(
        self,
        status.health(),
        status.memberNews(),
        status.recordNews(),
        status.members().stream()
            .map(member -> member(member, status))
            .sorted(Comparator.comparing(Mesh.GossipMember::hostname))
            .toList(),
        status.streams().stream()
            .map(this::records)
            .sorted(
                Comparator.comparing(Mesh.GossipRecords::networkName)
                    .thenComparing(Mesh.GossipRecords::hostname))
            .toList(),
        cluster == null
            ? List.of()
            : cluster.gossipKeys().stream().map(ClusterRecord::keyDigest).toList(),
        counters);
  }

  private static String word(Enum<?> name) {
    return name.name().toLowerCase(Locale.ROOT);
  }

  private Mesh.GossipMember member(Member member, GossipStatus status) {
    Duration ago = status.compared().get(member.name());
    Duration roundTrip = status.roundTrips().get(member.name());
    return new Mesh.GossipMember(
        member.name(),
        hostname(member.name()),
        member.address().toString(),
        word(member.state()),
        member.incarnation(),
        member.tags(),
        ago == null ? null : ago.toMillis(),
        roundTrip == null ? null : roundTrip.toNanos() / 1000);
  }

  private Mesh.GossipRecords records(StreamStatus stream) {
    NetworkRecord network = state.networks().get(stream.topic());
    return new Mesh.GossipRecords(
        stream.topic(),
        network == null ? stream.topic() : network.name(),
        stream.owner(),
        hostname(stream.owner()),
        stream.count(),
        stream.epoch() + "." + stream.upTo(),
        HexFormat.of().toHexDigits(stream.hash()),
        stream.whole());
  }

  private String hostname(String nodeId) {
    NodeRecord node = state.nodes().get(nodeId);
    return node == null ? "" : node.hostname();
  }
}
