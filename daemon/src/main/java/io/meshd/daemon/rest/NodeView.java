package io.meshd.daemon.rest;

import io.meshd.api.Nodes;
import io.meshd.api.Services;
import io.meshd.daemon.state.NodeRecord;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A node as the API shows it. */
final class NodeView {
  private NodeView() {}

  /**
   * @param leader control address of the leader, or null while it is unknown
   */
  static Nodes.Node of(NodeRecord node, @Nullable String leader) {
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
        node.manager() ? manager(node, leader) : null);
  }

  private static Nodes.ManagerStatus manager(NodeRecord node, @Nullable String leader) {
    boolean leads = node.controlAddress().equals(leader);
    String reachability =
        switch (node.status()) {
          case READY -> "reachable";
          case DOWN, DISCONNECTED -> leads ? "reachable" : "unreachable";
          case UNKNOWN -> leads ? "reachable" : "unknown";
        };
    return new Nodes.ManagerStatus(leads ? true : null, reachability, node.controlAddress());
  }
}
