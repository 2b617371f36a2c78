package io.meshd.daemon.rest;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import io.meshd.api.Networks;
import io.meshd.api.Paths;
import io.meshd.daemon.command.Ids;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.JsonBody;
import io.meshd.daemon.http.Peer;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.http.Routes.Doors;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.Outcome;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
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

  /** As libnetwork's controller says it. */
  private static final String TO_WORKERS =
      "Cannot create a multi-host network from a worker node. Please create the network from a"
          + " manager node.";

  private final Engine engine;
  private final LocalNetworks here;
  private final Twins twins;

  NetworkRoutes(ClusterAccess cluster, Ids ids, Engine engine, LocalNetworks here, Twins twins) {
    this.twins = twins;
    this.cluster = cluster;
    this.ids = ids;
    this.engine = engine;
    this.here = here;
  }

  void addTo(Routes routes) {
    routes.add(Doors.LOCAL, "GET", Paths.NETWORKS, this::list);
    routes.add(Doors.LOCAL, "GET", Paths.NETWORKS + "/{id}", this::inspect);
    routes.add(Doors.LOCAL_AND_NODES, "POST", Paths.NETWORKS + "/create", this::createHereOrThere);
    routes.add(Doors.LOCAL_AND_NODES, "DELETE", Paths.NETWORKS + "/{id}", this::removeHereOrThere);
  }

  private void list(Exchange exchange) throws IOException {
    Filters filters = Filters.of(exchange, FILTERS);
    for (String type : filters.get("type")) {
      if (!type.equals("custom") && !type.equals("builtin")) {
        throw new ApiException(400, "invalid filter: 'type'='" + type + "'");
      }
    }
    ClusterState state = versioned(exchange);
    Boolean dangling = filters.flag("dangling");
    List<JsonNode> networks = new ArrayList<>();
    state.networks().values().stream()
        .sorted(Comparator.comparing(NetworkRecord::createdAt))
        .filter(network -> dangling == null || dangling == dangling(network, state))
        .map(NetworkView::listed)
        .filter(network -> matches(network, filters))
        .forEach(network -> networks.add(Json.MAPPER.valueToTree(network)));
    networks.addAll(
        here.list(
            exchange,
            state,
            network -> !Boolean.TRUE.equals(dangling) && matches(network, filters)));
    exchange.respond(200, networks);
  }

  /** What this node knows, and the answer says at which version: a worker may lag behind. */
  private ClusterState versioned(Exchange exchange) {
    cluster.control().catchUp();
    ClusterState state = cluster.control().state();
    exchange.setHeader(Paths.STATE_VERSION_HEADER, Long.toString(state.version()));
    return state;
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

  private void inspect(Exchange exchange) throws IOException {
    String reference = exchange.param("id");
    String asked = exchange.query("scope");
    String scope = asked == null ? "" : asked;
    ClusterState state = versioned(exchange);
    NetworkRecord network = scope.equals("local") ? null : clusterNetwork(state, reference);
    JsonNode engines =
        scope.equals("swarm") || exact(network, reference) ? null : here.ofEngine(reference);
    if (engines != null && !Twins.isTwin(engines, state)) {
      exchange.respond(200, engines);
    } else if (network != null) {
      String node = cluster.control().membership().nodeId();
      exchange.respond(200, NetworkView.inspected(network, state, node));
    } else if (scope.equals("swarm")) {
      throw notFound(reference);
    } else {
      exchange.respond(200, localNetwork(reference));
    }
  }

  private static boolean exact(@Nullable NetworkRecord network, String reference) {
    return network != null && (network.id().equals(reference) || network.name().equals(reference));
  }

  /** Whether the Engine is meant, where the reference is no whole ID or name of ours. */
  private boolean engines(Exchange exchange, ClusterState state) throws IOException {
    String reference = exchange.param("id");
    if (exact(clusterNetwork(state, reference), reference)) {
      return false;
    }
    JsonNode found = here.ofEngine(reference);
    return found != null && !Twins.isTwin(found, state);
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
        here.own().stream().collect(Collectors.toMap(Networks.Network::id, Function.identity()));
    return Lookup.find("network", byId, Networks.Network::name, reference);
  }

  private static ApiException notFound(String reference) {
    return new ApiException(404, "network " + reference + " not found");
  }

  /** Only overlays are the cluster's. */
  private void createHereOrThere(Exchange exchange) throws Exception {
    if (exchange.peer() instanceof Peer.Local) {
      Networks.CreateRequest request = request(exchange);
      if (!"overlay".equals(request.driver()) && engine.answers()) {
        boolean taken =
            versioned(exchange).networks().values().stream()
                .anyMatch(network -> network.name().equals(request.name()));
        if (taken && !Twins.DRIVER.equals(request.driver())) {
          throw nameTaken(request.name());
        }
        engine.pass(exchange);
        return;
      }
      JsonNode found = "overlay".equals(request.driver()) ? here.ofEngine(request.name()) : null;
      if (found != null
          && !Twins.isOfPlugin(found)
          && found.path("Name").asText().equals(request.name())) {
        throw nameTaken(request.name());
      }
    }
    cluster.onManager(exchange, this::create, TO_WORKERS);
  }

  private void removeHereOrThere(Exchange exchange) throws Exception {
    boolean local = exchange.peer() instanceof Peer.Local;
    ClusterState state = local ? versioned(exchange) : ClusterState.empty();
    if (local && engines(exchange, state)) {
      engine.pass(exchange);
    } else {
      NetworkRecord network = local ? clusterNetwork(state, exchange.param("id")) : null;
      if (network != null) {
        twins.drop(network);
      }
      cluster.onManager(exchange, this::remove, ClusterAccess.WORKER);
    }
  }

  private static Networks.CreateRequest request(Exchange exchange) {
    return JsonBody.read(exchange.body(), Networks.CreateRequest.class);
  }

  private static ApiException nameTaken(String name) {
    return new ApiException(409, "network with name %s already exists".formatted(name));
  }

  private void create(Exchange exchange, Proposer proposer) {
    Networks.CreateRequest request =
        JsonBody.readStrictly(exchange.body(), Networks.CreateRequest.class);
    String driver = request.driver() == null ? "bridge" : request.driver();
    if (!driver.equals("overlay")) {
      throw new ApiException(
          400,
          "network driver \"%s\" is not served here: create the network with --driver overlay"
              .formatted(driver));
    }
    if (here.own().stream().anyMatch(network -> network.name().equals(request.name()))) {
      throw nameTaken(request.name());
    }
    Networks.Ipam ipam = request.ipam();
    if (ipam != null && ipam.options() != null && !ipam.options().isEmpty()) {
      throw new ApiException(400, "IPAM.Options is not supported by meshd: leave it out");
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
    if (network.swarm() != null) {
      throw new ApiException(
          403, "network %s is the Docker Swarm's: remove it there".formatted(network.name()));
    }
    ClusterAccess.propose(proposer, new Command.RemoveNetwork(cluster.now(), network.id()));
    exchange.respond(204, null);
  }
}
