package io.meshd.daemon.state;

import io.meshd.api.Nodes;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A member of the cluster.
 *
 * @param id 25 characters, base 36
 * @param version the state version that last changed it
 * @param createdAt RFC 3339 with nanoseconds, as every time in the state
 * @param spec what the operator set: labels, role, availability
 * @param vtep underlay IPv4 address for VXLAN (the data path address), dotted
 * @param controlAddress host:port of this node's :2377
 * @param number the smallest that no other node had when it came; its own until it leaves. Null in
 *     the state of an older daemon, until the next command
 * @param status ready, down or unknown, as the leader last saw it
 */
public record NodeRecord(
    String id,
    long version,
    String createdAt,
    String updatedAt,
    Nodes.NodeSpec spec,
    Nodes.NodeDescription description,
    String vtep,
    String controlAddress,
    NodeState status,
    @Nullable String statusMessage,
    @Nullable Integer number) {

  /** Among the labels of a node's engine: the API's version of its Docker Engine. */
  public static final String DOCKER = "meshd.docker-api";

  /** Swarm's node states. */
  public enum NodeState {
    UNKNOWN,
    DOWN,
    READY,
    /** Its daemon has ended in order; it may be back soon. */
    DISCONNECTED
  }

  public String hostname() {
    return description.hostname();
  }

  /** Whether somebody may begin something with what runs there, as far as is known. */
  public boolean takesNew() {
    return status != NodeState.DOWN && status != NodeState.DISCONNECTED;
  }

  /** Whether its Docker Engine was there when it last spoke of itself. */
  public boolean runsContainers() {
    Nodes.Engine engine = description.engine();
    Map<String, String> labels = engine == null ? null : engine.labels();
    return labels != null && labels.containsKey(DOCKER);
  }

  public boolean manager() {
    return spec.role().equals("manager");
  }

  public NodeRecord withStatus(NodeState now) {
    return new NodeRecord(
        id,
        version,
        createdAt,
        updatedAt,
        spec,
        description,
        vtep,
        controlAddress,
        now,
        statusMessage,
        number);
  }
}
