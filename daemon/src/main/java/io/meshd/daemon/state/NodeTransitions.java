package io.meshd.daemon.state;

import io.meshd.api.Nodes;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Members of the cluster. */
final class NodeTransitions {
  private NodeTransitions() {}

  private static final String MANAGER = "manager";
  private static final String WORKER = "worker";
  private static final Set<String> AVAILABILITIES = Set.of("active", "pause", "drain");

  static String upsert(Draft draft, Command.UpsertNode command) {
    NodeRecord old = draft.nodes.get(command.nodeId());
    if (old == null ? command.spec().role().equals(MANAGER) : old.manager()) {
      CommandFormat.requireManager(draft.nodes.values(), command.description());
    }
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

  /** Never brings back a node that was removed. */
  static String describe(Draft draft, Command.DescribeNode command) {
    NodeRecord old = draft.nodes.get(command.nodeId());
    if (old == null) {
      throw Refusal.notFound("node", command.nodeId());
    }
    if (!command.description().equals(old.description())) {
      if (old.manager()) {
        CommandFormat.requireManager(draft.nodes.values(), command.description());
      }
      put(
          draft,
          new NodeRecord(
              old.id(),
              draft.version(),
              old.createdAt(),
              draft.at(),
              old.spec(),
              command.description(),
              old.vtep(),
              old.controlAddress(),
              old.status(),
              old.statusMessage(),
              old.number()));
    }
    return old.id();
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
    if (old.manager() && spec.role().equals(WORKER) && managers(draft) == 1) {
      // swarmkit manager/controlapi/node.go
      throw new Refusal(
          Outcome.Reason.FAILED_PRECONDITION, "attempting to demote the last manager of the swarm");
    }
    if (!old.manager() && spec.role().equals(MANAGER)) {
      CommandFormat.requireManager(draft.nodes.values(), old.description());
    }
    put(draft, with(draft, old, spec, old.status(), old.statusMessage()));
    return old.id();
  }

  static String takeOver(Draft draft, Command.TakeOver command) {
    NodeRecord self = draft.node(command.nodeId());
    draft.leap();
    for (NodeRecord node : Draft.sorted(draft.nodes)) {
      String role = node.id().equals(self.id()) ? MANAGER : WORKER;
      Nodes.NodeSpec old = node.spec();
      if (!role.equals(old.role())) {
        Nodes.NodeSpec spec =
            new Nodes.NodeSpec(old.name(), old.labels(), role, old.availability());
        put(draft, with(draft, node, spec, node.status(), node.statusMessage()));
      }
    }
    put(draft, with(draft, self, draft.node(self.id()).spec(), self.status(), null));
    return self.id();
  }

  private static long managers(Draft draft) {
    return draft.nodes.values().stream().filter(NodeRecord::manager).count();
  }

  private static Nodes.NodeSpec checked(Nodes.NodeSpec spec) {
    if (spec.role() == null || !(spec.role().equals(MANAGER) || spec.role().equals(WORKER))) {
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
    KeyTransitions.nodeRemoved(draft);
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
