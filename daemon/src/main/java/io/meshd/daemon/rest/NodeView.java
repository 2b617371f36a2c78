package io.meshd.daemon.rest;

import io.meshd.api.Nodes;
import io.meshd.api.Services;
import io.meshd.daemon.control.Managers;
import io.meshd.daemon.state.NodeRecord;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A node as the API shows it. */
final class NodeView {
  private NodeView() {}

  /**
   * @param managers as the leader sees them, or null where it is not asked
   * @param leader its control address, or null while it is unknown
   */
  static Nodes.Node of(NodeRecord node, @Nullable Managers managers, @Nullable String leader) {
    Nodes.NodeSpec spec = node.spec();
    return new Nodes.Node(
        node.id(),
        new Services.Version(node.version()),
        node.createdAt(),
        node.updatedAt(),
        new Nodes.NodeSpec(
            spec.name(),
            spec.labels() == null ? Map.of() : spec.labels(),
            spec.role(),
            spec.availability()),
        node.description(),
        new Nodes.NodeStatus(
            node.status().name().toLowerCase(Locale.ROOT), node.statusMessage(), node.vtep()),
        manager(node, managers, leader));
  }

  /** Null for a node that is no member of the managers' log, or not yet, or not any more. */
  private static Nodes.@Nullable ManagerStatus manager(
      NodeRecord node, @Nullable Managers managers, @Nullable String leader) {
    if (managers == null || !managers.isMember(node.id())) {
      return null;
    }
    boolean leads = node.controlAddress().equals(leader);
    return new Nodes.ManagerStatus(
        leads ? true : null,
        leads || managers.answers(node.id()) ? "reachable" : "unreachable",
        node.controlAddress());
  }
}
