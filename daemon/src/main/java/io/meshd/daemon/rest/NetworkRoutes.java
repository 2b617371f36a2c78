package io.meshd.daemon.rest;

import io.meshd.api.Networks;
import io.meshd.api.Paths;
import io.meshd.daemon.command.Ids;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.http.Routes.Doors;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.Outcome;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * {@code /networks}: the cluster's overlays and the node's own. Reads are answered from the state
 * that this node has, so also while no manager is there.
 */
final class NetworkRoutes {
  private static final Set<String> FILTERS =
      Set.of("name", "id", "driver", "type", "scope", "label", "dangling");

  private final ClusterAccess cluster;
  private final Ids ids;
  private final Supplier<HostNetworks> hostNetworks;
  private final String hostname;

  NetworkRoutes(
      ClusterAccess cluster, Ids ids, Supplier<HostNetworks> hostNetworks, String hostname) {
    this.cluster = cluster;
    this.ids = ids;
    this.hostNetworks = hostNetworks;
    this.hostname = hostname;
  }

  void addTo(Routes routes) {
    routes.add(Doors.LOCAL, "GET", Paths.NETWORKS, this::list);
    routes.add(Doors.LOCAL, "GET", Paths.NETWORKS + "/{id}", this::inspect);
    cluster.add(routes, "POST", Paths.NETWORKS + "/create", this::create);
    cluster.add(routes, "DELETE", Paths.NETWORKS + "/{id}", this::remove);
    routes.add(Doors.LOCAL, "POST", Paths.NETWORKS + "/{id}/connect", NetworkRoutes::notYet);
    routes.add(Doors.LOCAL, "POST", Paths.NETWORKS + "/{id}/disconnect", NetworkRoutes::notYet);
  }

  private void list(Exchange exchange) {
    Filters filters = Filters.of(exchange, FILTERS);
    for (String type : filters.get("type")) {
      if (!type.equals("custom") && !type.equals("builtin")) {
        throw new ApiException(400, "invalid filter: 'type'='" + type + "'");
      }
    }
    ClusterState state = cluster.control().state();
    Boolean dangling = filters.flag("dangling");
    List<Networks.Network> networks = new ArrayList<>();
    state.networks().values().stream()
        .sorted(Comparator.comparing(NetworkRecord::createdAt))
        .filter(network -> dangling == null || dangling == dangling(network, state))
        .map(NetworkView::listed)
        .forEach(networks::add);
    if (!Boolean.TRUE.equals(dangling)) {
      networks.addAll(local());
    }
    networks.removeIf(network -> !matches(network, filters));
    exchange.respond(200, networks);
  }

  private List<Networks.Network> local() {
    return NetworkView.local(hostname, hostNetworks.get());
  }

  /** As Docker: made by a user, and nothing is on it. */
  private static boolean dangling(NetworkRecord network, ClusterState state) {
    boolean used =
        state.tasks().values().stream()
                .filter(task -> !task.status().state().terminal())
                .flatMap(task -> task.attachments().stream())
                .anyMatch(attachment -> attachment.networkId().equals(network.id()))
            || state.endpoints().values().stream()
                .anyMatch(end -> end.attachment().networkId().equals(network.id()));
    return !used && !network.ingress();
  }

  private static boolean matches(Networks.Network network, Filters filters) {
    boolean custom = network.scope().equals("swarm") && !network.ingress();
    return filters.any("name", network.name()::contains)
        && filters.any("id", network.id()::contains)
        && filters.any("driver", network.driver()::equals)
        && filters.any("scope", network.scope()::equals)
        && filters.any("type", type -> type.equals("custom") == custom)
        && filters.labels("label", network.labels());
  }

  private void inspect(Exchange exchange) {
    String reference = exchange.param("id");
    String scope = exchange.query("scope");
    ClusterState state = cluster.control().state();
    if (scope == null || scope.isEmpty() || scope.equals("swarm")) {
      NetworkRecord network = clusterNetwork(state, reference);
      if (network != null) {
        String node = cluster.control().membership().nodeId();
        exchange.respond(200, NetworkView.inspected(network, state, node));
        return;
      }
    }
    if (scope == null || scope.isEmpty() || scope.equals("local")) {
      exchange.respond(200, localNetwork(reference));
      return;
    }
    throw notFound(reference);
  }

  private static @Nullable NetworkRecord clusterNetwork(ClusterState state, String reference) {
    try {
      return Lookup.network(state, reference);
    } catch (ApiException e) {
      if (e.status() == 404) {
        return null;
      }
      throw e;
    }
  }

  private Networks.Network localNetwork(String reference) {
    Map<String, Networks.Network> byId =
        local().stream().collect(Collectors.toMap(Networks.Network::id, Function.identity()));
    return Lookup.find("network", byId, Networks.Network::name, reference);
  }

  private static ApiException notFound(String reference) {
    return new ApiException(404, "network " + reference + " not found");
  }

  private void create(Exchange exchange, Proposer proposer) {
    Networks.CreateRequest request = exchange.json(Networks.CreateRequest.class);
    String driver = request.driver() == null ? "bridge" : request.driver();
    if (!driver.equals("overlay")) {
      throw new ApiException(
          400,
          "network driver \"%s\" is not served here: create the network with --driver overlay"
              .formatted(driver));
    }
    if (local().stream().anyMatch(network -> network.name().equals(request.name()))) {
      throw new ApiException(409, "network with name %s already exists".formatted(request.name()));
    }
    Outcome outcome =
        proposer.propose(new Command.CreateNetwork(cluster.now(), ids.next(), request));
    switch (outcome) {
      case Outcome.Done done -> exchange.respond(201, new Networks.CreateResponse(done.id(), ""));
      case Outcome.Refused refused ->
          // Docker's daemon looks for the name itself, before Swarm is asked.
          throw ClusterAccess.error(refused, !refused.message().startsWith("network with name "));
    }
  }

  private void remove(Exchange exchange, Proposer proposer) {
    String reference = exchange.param("id");
    NetworkRecord network = clusterNetwork(proposer.state(), reference);
    if (network == null) {
      Networks.Network local = localNetwork(reference);
      throw new ApiException(
          403, "%s is a pre-defined network and cannot be removed".formatted(local.name()));
    }
    ClusterAccess.propose(proposer, new Command.RemoveNetwork(cluster.now(), network.id()));
    exchange.respond(204, null);
  }

  private static void notYet(Exchange exchange) {
    throw new ApiException(
        501,
        "containers are not connected by this daemon: use \"meshctl endpoint attach\" for a namespace of your own");
  }
}
