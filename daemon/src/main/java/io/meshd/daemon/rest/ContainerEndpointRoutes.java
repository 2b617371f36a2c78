package io.meshd.daemon.rest;

import io.meshd.api.Mesh;
import io.meshd.api.Paths;
import io.meshd.daemon.command.Ids;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.EndpointRecord;
import java.util.Objects;

/**
 * Endpoints of containers that somebody runs on a node's Docker Engine. The node's network plugin
 * is who asks; a node speaks for its own containers only.
 */
final class ContainerEndpointRoutes {
  private final ClusterAccess cluster;
  private final Ids ids;

  ContainerEndpointRoutes(ClusterAccess cluster, Ids ids) {
    this.cluster = cluster;
    this.ids = ids;
  }

  void addTo(Routes routes) {
    cluster.addForNodes(routes, "POST", Paths.CONTAINER_ENDPOINTS, this::attach);
    cluster.addForNodes(routes, "POST", Paths.CONTAINER_ENDPOINTS + "/names", this::name);
    cluster.addForNodes(routes, "DELETE", Paths.CONTAINER_ENDPOINTS + "/{id}", this::detach);
  }

  private void attach(Exchange exchange, Proposer proposer) {
    Mesh.ContainerAttachRequest request = exchange.json(Mesh.ContainerAttachRequest.class);
    String id =
        EndpointRoutes.propose(
            proposer,
            new Command.AttachContainer(
                cluster.now(),
                ids.next(),
                cluster.askingNode(exchange),
                request.network(),
                request.address()));
    EndpointRecord made = Objects.requireNonNull(proposer.state().endpoints().get(id));
    exchange.respond(201, EndpointRoutes.view(made, proposer.state()));
  }

  private void name(Exchange exchange, Proposer proposer) {
    var containers =
        exchange.json(Mesh.ContainerNames.class).containers().stream()
            .map(
                named ->
                    new Command.ContainerName(
                        named.endpoint(), named.container(), named.name(), named.aliases()))
            .toList();
    var _ =
        EndpointRoutes.propose(
            proposer,
            new Command.NameContainers(cluster.now(), cluster.askingNode(exchange), containers));
    exchange.respond(204, null);
  }

  /** Also where it is gone already: whoever asks may not have heard the first answer. */
  private void detach(Exchange exchange, Proposer proposer) {
    EndpointRecord endpoint = proposer.state().endpoints().get(exchange.param("id"));
    if (endpoint != null) {
      if (endpoint.container() == null || !endpoint.nodeId().equals(cluster.askingNode(exchange))) {
        throw new ApiException(
            403, "endpoint " + endpoint.name() + " is no container of this node");
      }
      var _ =
          EndpointRoutes.propose(
              proposer, new Command.DetachEndpoint(cluster.now(), endpoint.id()));
    }
    exchange.respond(204, null);
  }
}
