package io.meshd.daemon.rest;

import io.meshd.api.Nodes;
import io.meshd.api.Paths;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.control.Managers;
import io.meshd.daemon.control.SwarmControl;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.JsonBody;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.Outcome;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/** {@code /nodes}. */
final class NodeRoutes {
  private static final Set<String> FILTERS =
      Set.of("id", "name", "role", "membership", "node.label", "label");

  private final ClusterAccess cluster;

  NodeRoutes(ClusterAccess cluster) {
    this.cluster = cluster;
  }

  void addTo(Routes routes) {
    cluster.add(routes, "GET", Paths.NODES, this::list);
    cluster.add(routes, "GET", Paths.NODES + "/{id}", this::inspect);
    cluster.add(routes, "POST", Paths.NODES + "/{id}/update", this::update);
    cluster.add(routes, "DELETE", Paths.NODES + "/{id}", this::remove);
  }

  private void list(Exchange exchange, Proposer proposer) {
    Filters filters = Filters.of(exchange, FILTERS);
    checkWords(filters, "role", Set.of("worker", "manager"));
    checkWords(filters, "membership", Set.of("accepted", "pending"));
    SwarmControl control = cluster.control();
    Managers managers = control.managers();
    String leader = control.leaderAddress();
    List<Nodes.Node> nodes =
        proposer.state().nodes().values().stream()
            .filter(node -> matches(node, filters))
            .sorted(Comparator.comparing(NodeRecord::createdAt).thenComparing(NodeRecord::id))
            .map(node -> NodeView.of(node, managers, leader))
            .toList();
    exchange.respond(200, nodes);
  }

  private static boolean matches(NodeRecord node, Filters filters) {
    return filters.any("id", node.id()::startsWith)
        && filters.any("name", node.hostname()::startsWith)
        && filters.any("role", node.spec().role()::equals)
        // Every node of the state is a member.
        && filters.any("membership", "accepted"::equals)
        && filters.labels("node.label", node.spec().labels())
        && filters.labels("label", node.spec().labels());
  }

  private static void checkWords(Filters filters, String key, Set<String> words) {
    for (String value : filters.get(key)) {
      if (!words.contains(value)) {
        throw new ApiException(400, "Invalid %s filter: '%s'".formatted(key, value));
      }
    }
  }

  private void inspect(Exchange exchange, Proposer proposer) {
    NodeRecord node = Lookup.node(proposer.state(), exchange.param("id"));
    exchange.respond(
        200, NodeView.of(node, cluster.control().managers(), cluster.control().leaderAddress()));
  }

  private void update(Exchange exchange, Proposer proposer) {
    long version = ClusterAccess.version(exchange, "node");
    Nodes.NodeSpec spec = JsonBody.readStrictly(exchange.body(), Nodes.NodeSpec.class);
    NodeRecord node = Lookup.node(proposer.state(), exchange.param("id"));
    Managers managers = cluster.control().managers();
    if (node.manager()
        && "worker".equals(spec.role())
        && managers != null
        && managers.isMember(node.id())
        && managers.reachable().size() > 1
        && !managers.canLose(node.id())) {
      // swarmkit manager/controlapi/node.go
      throw ClusterAccess.error(
          new Outcome.Refused(
              Outcome.Reason.FAILED_PRECONDITION,
              "can't remove member from the raft: this would result in a loss of quorum"),
          true);
    }
    ClusterAccess.propose(
        proposer, new Command.UpdateNodeSpec(cluster.now(), node.id(), version, spec));
    exchange.respond(200, null);
  }

  private void remove(Exchange exchange, Proposer proposer) {
    NodeRecord node = Lookup.node(proposer.state(), exchange.param("id"));
    Managers managers = cluster.control().managers();
    if (!node.manager() && managers != null && managers.isMember(node.id())) {
      // It is demoted, and on its way out of the log.
      throw ClusterAccess.error(
          new Outcome.Refused(
              Outcome.Reason.FAILED_PRECONDITION,
              "node "
                  + node.id()
                  + " is a cluster manager and is a member of the raft cluster."
                  + " It must be demoted to worker before removal"),
          true);
    }
    ClusterAccess.propose(
        proposer, new Command.RemoveNode(cluster.now(), node.id(), exchange.flag("force")));
    exchange.respond(200, null);
  }
}
