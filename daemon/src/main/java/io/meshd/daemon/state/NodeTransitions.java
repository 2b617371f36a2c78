package io.meshd.daemon.state;

import io.meshd.api.Nodes;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Members of the cluster. */
final class NodeTransitions {
  private NodeTransitions() {}

  private static final Set<String> AVAILABILITIES = Set.of("active", "pause", "drain");

  static String upsert(Draft draft, Command.UpsertNode command) {
    NodeRecord old = draft.nodes.get(command.nodeId());
    if (old == null) {
      put(
          draft,
          new NodeRecord(
              command.nodeId(),
              draft.version(),
              draft.at(),
              draft.at(),
              checked(command.spec()),
              command.description(),
              command.vtep(),
              command.controlAddress(),
              NodeRecord.NodeState.UNKNOWN,
              null,
              null));
    } else if (!old.description().equals(command.description())
        || !old.vtep().equals(command.vtep())
        || !old.controlAddress().equals(command.controlAddress())) {
      put(
          draft,
          new NodeRecord(
              old.id(),
              draft.version(),
              old.createdAt(),
              draft.at(),
              old.spec(),
              command.description(),
              command.vtep(),
              command.controlAddress(),
              old.status(),
              old.statusMessage(),
              old.number()));
    }
    // A full network must not keep a node from joining; it then has no ingress to that network.
    NodeAddresses.complete(draft);
    return command.nodeId();
  }

  static String setStatus(Draft draft, Command.SetNodeStatus command) {
    NodeRecord old = draft.node(command.nodeId());
    if (old.status() == command.status()
        && Objects.equals(old.statusMessage(), command.message())) {
      return old.id();
    }
    put(draft, with(draft, old, old.spec(), command.status(), command.message()));
    return old.id();
  }

  static String updateSpec(Draft draft, Command.UpdateNodeSpec command) {
    NodeRecord old = draft.node(command.nodeId());
    if (old.version() != command.version()) {
      throw Refusal.outOfSequence();
    }
    Nodes.NodeSpec spec = checked(command.spec());
    if (!spec.role().equals(old.spec().role())) {
      refuseRoleChange(draft, old);
    }
    put(draft, with(draft, old, spec, old.status(), old.statusMessage()));
    return old.id();
  }

  private static void refuseRoleChange(Draft draft, NodeRecord node) {
    long managers = draft.nodes.values().stream().filter(NodeRecord::manager).count();
    if (node.manager() && managers == 1) {
      throw new Refusal(
          Outcome.Reason.FAILED_PRECONDITION, "attempting to demote the last manager of the swarm");
    }
    throw new Refusal(
        Outcome.Reason.UNIMPLEMENTED, "changing the role of a node is not supported yet");
  }

  private static Nodes.NodeSpec checked(Nodes.NodeSpec spec) {
    if (spec.role() == null || !(spec.role().equals("manager") || spec.role().equals("worker"))) {
      throw Refusal.invalid("invalid Role: \"" + spec.role() + "\"");
    }
    if (spec.availability() == null || !AVAILABILITIES.contains(spec.availability())) {
      throw Refusal.invalid("invalid Availability: \"" + spec.availability() + "\"");
    }
    return spec;
  }

  /** Swarm's rules; all that was the node's goes with it. */
  static String remove(Draft draft, Command.RemoveNode command) {
    NodeRecord node = draft.node(command.nodeId());
    if (node.manager()) {
      throw new Refusal(
          Outcome.Reason.FAILED_PRECONDITION,
          "node "
              + node.id()
              + " is a cluster manager and is a member of the raft cluster."
              + " It must be demoted to worker before removal");
    }
    if (!command.force() && node.status() == NodeRecord.NodeState.READY) {
      throw new Refusal(
          Outcome.Reason.FAILED_PRECONDITION,
          "node " + node.id() + " is not down and can't be removed");
    }
    draft.nodes = draft.nodes.minus(node.id());
    for (NodeAddress address : Draft.sorted(draft.nodeAddresses)) {
      if (address.nodeId().equals(node.id())) {
        draft.nodeAddresses =
            draft.nodeAddresses.minus(NodeAddress.key(address.attachment().networkId(), node.id()));
      }
    }
    for (EndpointRecord endpoint : Draft.sorted(draft.endpoints)) {
      if (endpoint.nodeId().equals(node.id())) {
        draft.endpoints = draft.endpoints.minus(endpoint.id());
      }
    }
    for (TaskRecord task : Draft.sorted(draft.tasks)) {
      if (task.nodeId().equals(node.id()) && !task.status().state().terminal()) {
        TaskTransitions.orphan(draft, task);
      }
    }
    return node.id();
  }

  private static NodeRecord with(
      Draft draft,
      NodeRecord old,
      Nodes.NodeSpec spec,
      NodeRecord.NodeState status,
      @Nullable String message) {
    return new NodeRecord(
        old.id(),
        draft.version(),
        old.createdAt(),
        draft.at(),
        spec,
        old.description(),
        old.vtep(),
        old.controlAddress(),
        status,
        message,
        old.number());
  }

  private static void put(Draft draft, NodeRecord node) {
    draft.nodes = draft.nodes.plus(node.id(), node);
  }
}
