package io.meshd.daemon.metrics;

import io.meshd.api.Mesh;
import io.meshd.daemon.command.CommitTimes;
import io.meshd.daemon.ingress.PortStatus;
import io.meshd.daemon.raft.LogStatus;
import io.meshd.daemon.reconcile.PassStatus;
import io.meshd.daemon.state.ClusterState;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Everything that the metrics show, at one moment.
 *
 * @param version of meshd
 * @param counters name to value, of the whole daemon, as {@code meshctl counters} shows them
 * @param node null while this node is in no cluster
 */
public record Readings(
    String version, String hostname, Map<String, Long> counters, @Nullable Node node) {

  /**
   * A node in its cluster.
   *
   * @param leads whether it leads the managers: then it also shows what the cluster has
   * @param gossip null before there is a state
   * @param log null where it is no manager, or a locked one
   */
  public record Node(
      String id,
      ClusterState state,
      boolean leads,
      List<PortStatus> ports,
      PassStatus passes,
      Mesh.@Nullable Gossip gossip,
      @Nullable Log log) {}

  /** The managers' log. */
  public record Log(LogStatus status, CommitTimes.Reading commits) {}
}
