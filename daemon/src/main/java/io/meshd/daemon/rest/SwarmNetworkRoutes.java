package io.meshd.daemon.rest;

import io.meshd.api.Mesh;
import io.meshd.api.Paths;
import io.meshd.daemon.command.Ids;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.SwarmNetwork;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Networks that a Docker Swarm made. Who asks is a node's network plugin, on whichever nodes that
 * Swarm has its managers.
 */
final class SwarmNetworkRoutes {
  private final ClusterAccess cluster;
  private final Ids ids;

  SwarmNetworkRoutes(ClusterAccess cluster, Ids ids) {
    this.cluster = cluster;
    this.ids = ids;
  }

  void addTo(Routes routes) {
    String one = Paths.SWARM_NETWORKS + "/{id}";
    cluster.addForNodes(routes, "POST", Paths.SWARM_NETWORKS, this::adopt);
    cluster.addForNodes(routes, "POST", one + "/services", this::follow);
    cluster.addForNodes(routes, "DELETE", one, this::remove);
  }

  private void adopt(Exchange exchange, Proposer proposer) {
    Mesh.SwarmNetwork request = exchange.json(Mesh.SwarmNetwork.class);
    String id =
        EndpointRoutes.propose(
            proposer,
            new Command.AdoptNetwork(
                cluster.now(),
                ids.next(),
                request.id(),
                request.name(),
                request.subnet(),
                request.gateway(),
                Objects.requireNonNullElse(request.options(), Map.of())));
    exchange.respond(200, Map.of("ID", id));
  }

  private void follow(Exchange exchange, Proposer proposer) {
    NetworkRecord network = adopted(proposer.state(), exchange.param("id"));
    if (network == null) {
      throw new ApiException(404, "network " + exchange.param("id") + " not found");
    }
    var services =
        exchange.json(Mesh.SwarmServices.class).services().stream()
            .map(
                s ->
                    new SwarmNetwork.Service(
                        s.id(), s.name(), s.virtualIp(), s.backends(), s.draining()))
            .toList();
    var _ =
        EndpointRoutes.propose(
            proposer, new Command.FollowServices(cluster.now(), network.id(), services));
    exchange.respond(204, null);
  }

  /** Also where it is gone already. */
  private void remove(Exchange exchange, Proposer proposer) {
    NetworkRecord network = adopted(proposer.state(), exchange.param("id"));
    if (network != null) {
      var _ =
          EndpointRoutes.propose(proposer, new Command.RemoveNetwork(cluster.now(), network.id()));
    }
    exchange.respond(204, null);
  }

  private static @Nullable NetworkRecord adopted(ClusterState state, String swarmId) {
    return state.networks().values().stream()
        .filter(network -> network.swarm() != null && network.swarm().id().equals(swarmId))
        .findAny()
        .orElse(null);
  }
}
