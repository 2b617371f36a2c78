package io.meshd.daemon.peers;

import io.meshd.daemon.peers.PeerFacts.Life;
import io.meshd.daemon.peers.Presence.Answers;
import io.meshd.daemon.state.Attachment;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.EndpointRecord;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.NodeRecord.NodeState;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.state.TaskState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The state as it is now for one node's tables, names and ports: what the cluster agreed on,
 * corrected by what the other nodes say of themselves. Pure.
 *
 * <ul>
 *   <li>A node is ready while it is heard of and down when it is gone; while it is only suspected,
 *       it is what the leader says. One whose daemon said that it ends is disconnected until it is
 *       gone or back.
 *   <li>An endpoint of another node counts only if the state has given that node its address, and
 *       the node says that it has it. A task that does not run yet counts before that: its node
 *       says so just before it starts, and its first packet may be faster than the word.
 *   <li>Whether it takes flows is what its node says last, except that the state's word that it is
 *       to end comes first.
 *   <li>Of what a node has not told yet, the state's word is taken: after a start, and where gossip
 *       cannot pass.
 * </ul>
 *
 * <p>What is this node's own is left as it is. Entries that are not corrected are the state's own
 * objects.
 */
public final class LiveState {
  private final ClusterState state;
  private final PeerFacts facts;
  private final String self;

  private LiveState(ClusterState state, PeerFacts facts, String self) {
    this.state = state;
    this.facts = facts;
    this.self = self;
  }

  /** {@code self}: this node's ID. */
  public static ClusterState of(ClusterState state, PeerFacts facts, String self) {
    return facts.equals(PeerFacts.NONE) ? state : new LiveState(state, facts, self).corrected();
  }

  private ClusterState corrected() {
    var nodes = state.nodes();
    for (NodeRecord node : state.nodes().values()) {
      NodeState now = stateOf(node);
      if (now != node.status()) {
        nodes = nodes.plus(node.id(), node.withStatus(now));
      }
    }
    var tasks = state.tasks();
    for (TaskRecord task : state.tasks().values()) {
      if (others(task.nodeId()) && !task.status().state().terminal()) {
        TaskRecord now = task(task);
        if (!now.equals(task)) {
          tasks = tasks.plus(task.id(), now);
        }
      }
    }
    var endpoints = state.endpoints();
    for (EndpointRecord endpoint : state.endpoints().values()) {
      Attachment attachment = endpoint.attachment();
      if (others(endpoint.nodeId()) && missing(endpoint.nodeId(), endpoint.id(), attachment)) {
        endpoints = endpoints.minus(endpoint.id());
      }
    }
    return state.with(nodes, tasks, endpoints);
  }

  private NodeState stateOf(NodeRecord node) {
    Life life = node.id().equals(self) ? null : facts.nodes().get(node.id());
    return switch (life) {
      case null -> node.status();
      case SUSPECTED -> node.status();
      case THERE ->
          node.status() == NodeState.DISCONNECTED ? NodeState.DISCONNECTED : NodeState.READY;
      case GONE -> NodeState.DOWN;
    };
  }

  private boolean others(String nodeId) {
    return !nodeId.isEmpty() && !nodeId.equals(self);
  }

  private TaskRecord task(TaskRecord task) {
    List<Attachment> there = new ArrayList<>();
    Presence told = null;
    boolean heard = false;
    boolean started = task.status().state() == TaskState.RUNNING;
    for (Attachment attachment : task.attachments()) {
      boolean here = !missing(task.nodeId(), task.id(), attachment);
      if (here || !started) {
        there.add(attachment);
      }
      Map<String, Presence> onNetwork = facts.told(task.nodeId(), attachment.networkId());
      heard |= onNetwork != null;
      if (here && told == null && onNetwork != null) {
        told = onNetwork.get(task.id());
      }
    }
    TaskRecord present =
        there.size() == task.attachments().size() ? task : task.withAttachments(List.copyOf(there));
    return heard ? answering(present, told) : present;
  }

  private static TaskRecord answering(TaskRecord task, @Nullable Presence told) {
    Answers answers = told == null ? Answers.NOTHING : told.answers();
    TaskRecord.Status status = task.status();
    boolean running = status.state() == TaskState.RUNNING;
    if (answers == Answers.NOTHING) {
      return running
          ? task.with(task.desiredState(), status.in(TaskState.STARTING, status.timestamp()))
          : task;
    }
    TaskState desired =
        answers == Answers.OLD_FLOWS && task.desiredState() == TaskState.RUNNING
            ? TaskState.SHUTDOWN
            : task.desiredState();
    if (running && desired == task.desiredState()) {
      return task;
    }
    TaskRecord.Status now =
        running || told == null
            ? status
            : status.in(TaskState.RUNNING, Instant.ofEpochMilli(told.since()).toString());
    return task.with(desired, now);
  }

  /** Told by its node that it is not there, or not with this address. */
  private boolean missing(String nodeId, String id, Attachment attachment) {
    Map<String, Presence> onNetwork = facts.told(nodeId, attachment.networkId());
    if (onNetwork == null) {
      return false;
    }
    Presence presence = onNetwork.get(id);
    return presence == null
        || !presence.address().equals(attachment.address())
        || !presence.mac().equals(attachment.mac());
  }
}
