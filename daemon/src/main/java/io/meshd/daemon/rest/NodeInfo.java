package io.meshd.daemon.rest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.api.Json;
import io.meshd.api.Swarm;
import io.meshd.daemon.control.SwarmControl;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What {@code info} says: of the swarm and the host what meshd knows, the rest is the Engine's. */
final class NodeInfo {
  private final SwarmControl control;
  private final HostFacts host;
  private final LocalContainers containers;

  NodeInfo(SwarmControl control, HostFacts host, LocalContainers containers) {
    this.control = control;
    this.host = host;
    this.containers = containers;
  }

  /**
   * @param engines what the Engine says, or an empty object
   */
  ObjectNode over(JsonNode engines) {
    ObjectNode info = engines.deepCopy();
    ObjectNode own = Json.MAPPER.valueToTree(own());
    info.setAll(own);
    long running =
        containers.list().stream().filter(task -> task.state().equals("running")).count();
    long all = containers.list().size();
    add(info, "Containers", all);
    add(info, "ContainersRunning", running);
    add(info, "ContainersStopped", all - running);
    return info;
  }

  private static void add(ObjectNode info, String field, long count) {
    info.put(field, info.path(field).asLong() + count);
  }

  private Swarm.SystemInfo own() {
    SwarmControl.Membership me = control.membership();
    ClusterState state = control.state();
    boolean manager = me.manager() && me.localNodeState().equals("active");
    List<Swarm.RemoteManager> managers =
        me.managers().stream()
            .map(address -> new Swarm.RemoteManager(managerId(state, address), address))
            .toList();
    return new Swarm.SystemInfo(
        me.nodeId(),
        host.hostname(),
        host.engineVersion(),
        host.operatingSystem(),
        "linux",
        host.architecture(),
        host.cpus(),
        host.memoryBytes(),
        host.kernelVersion(),
        new Swarm.SwarmInfo(
            me.nodeId(),
            me.nodeAddress(),
            me.localNodeState(),
            manager,
            me.error(),
            managers.isEmpty() ? null : managers,
            manager ? state.nodes().size() : null,
            manager
                ? (int) state.nodes().values().stream().filter(NodeRecord::manager).count()
                : null,
            manager ? cluster(state.cluster()) : null));
  }

  /** As {@code GET /swarm}, without the secrets in it. */
  private static @Nullable Map<String, Object> cluster(@Nullable ClusterRecord record) {
    if (record == null) {
      return null;
    }
    ObjectNode cluster = Json.MAPPER.valueToTree(SwarmSpec.inspected(record));
    cluster.remove("JoinTokens");
    return Json.MAPPER.convertValue(cluster, Json.OBJECT);
  }

  private static String managerId(ClusterState state, String address) {
    return state.nodes().values().stream()
        .filter(node -> node.controlAddress().equals(address))
        .map(NodeRecord::id)
        .findFirst()
        .orElse("");
  }
}
