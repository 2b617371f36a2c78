package io.meshd.daemon.rest;

import io.meshd.api.Mesh;
import io.meshd.api.Paths;
import io.meshd.daemon.command.Ids;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.JsonBody;
import io.meshd.daemon.http.Peer;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.EndpointRecord;
import io.meshd.daemon.state.NetworkRecord;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * Endpoints in namespaces that somebody else made, attached on the node whose user asks. That node
 * checks that the namespace is there; the leader does the rest.
 */
final class EndpointRoutes {

  private final ClusterAccess cluster;
  private final Ids ids;

  EndpointRoutes(ClusterAccess cluster, Ids ids) {
    this.cluster = cluster;
    this.ids = ids;
  }

  void addTo(Routes routes) {
    cluster.addForNodes(routes, "GET", Paths.ENDPOINTS, this::list);
    cluster.addForNodes(routes, "DELETE", Paths.ENDPOINTS + "/{id}", this::detach);
    routes.add(
        Routes.Doors.LOCAL_AND_NODES,
        "POST",
        Paths.ENDPOINTS,
        exchange -> {
          if (exchange.peer() instanceof Peer.Local) {
            cluster.requireActive();
            checkHere(
                namespace(
                    JsonBody.readStrictly(exchange.body(), Mesh.EndpointAttachRequest.class)));
          }
          cluster.dispatch(exchange, this::attach);
        });
  }

  /** The namespace's path on its node. */
  private static String namespace(Mesh.EndpointAttachRequest request) {
    Integer pid = request.pid();
    String netns = request.netns();
    if ((pid == null) == (netns == null)) {
      throw new ApiException(400, "exactly one of Netns and Pid is needed");
    }
    if (netns != null) {
      if (!netns.startsWith("/")) {
        throw new ApiException(400, "Netns must be an absolute path, not '" + netns + "'");
      }
      return netns;
    }
    if (pid == null || pid < 1) {
      throw new ApiException(400, "Pid must be a process, not " + pid);
    }
    return "/proc/" + pid + "/ns/net";
  }

  private static void checkHere(String namespace) {
    if (!Files.exists(Path.of(namespace))) {
      throw new ApiException(404, "there is no network namespace " + namespace + " on this node");
    }
  }

  private void attach(Exchange exchange, Proposer proposer) {
    Mesh.EndpointAttachRequest request =
        JsonBody.readStrictly(exchange.body(), Mesh.EndpointAttachRequest.class);
    Command command =
        new Command.AttachEndpoint(
            cluster.now(),
            ids.next(),
            cluster.askingNode(exchange),
            request.network(),
            request.service(),
            request.name(),
            namespace(request),
            request.address());
    String id = propose(proposer, command);
    ClusterState state = proposer.state();
    exchange.respond(
        201, view(Lookup.find("endpoint", state.endpoints(), EndpointRecord::name, id), state));
  }

  private void detach(Exchange exchange, Proposer proposer) {
    EndpointRecord endpoint =
        Lookup.find(
            "endpoint", proposer.state().endpoints(), EndpointRecord::name, exchange.param("id"));
    String asking = cluster.askingNode(exchange);
    if (!endpoint.nodeId().equals(asking) && !cluster.isManager(asking)) {
      throw new ApiException(
          403, "endpoint " + endpoint.name() + " is on another node: ask there, or a manager");
    }
    if (endpoint.container() != null) {
      throw new ApiException(
          409,
          "endpoint "
              + endpoint.name()
              + " is a container's: take it off with docker network disconnect");
    }
    propose(proposer, new Command.DetachEndpoint(cluster.now(), endpoint.id()));
    exchange.respond(204, null);
  }

  /** Not Docker's nouns: refusals come without gRPC's prefix. */
  static String propose(Proposer proposer, Command command) {
    return switch (proposer.propose(command)) {
      case Outcome.Done done -> done.id();
      case Outcome.Refused refused -> throw ClusterAccess.error(refused, false);
    };
  }

  private void list(Exchange exchange, Proposer proposer) {
    ClusterState state = proposer.state();
    exchange.respond(
        200,
        state.endpoints().values().stream()
            .sorted(Comparator.comparing(EndpointRecord::createdAt))
            .map(endpoint -> view(endpoint, state))
            .toList());
  }

  static Mesh.Endpoint view(EndpointRecord endpoint, ClusterState state) {
    String networkId = endpoint.attachment().networkId();
    @Nullable NetworkRecord network = state.networks().get(networkId);
    @Nullable NodeRecord node = state.nodes().get(endpoint.nodeId());
    return new Mesh.Endpoint(
        endpoint.id(),
        endpoint.name(),
        networkId,
        network == null ? "" : network.name(),
        endpoint.serviceId(),
        endpoint.nodeId(),
        node == null ? "" : node.hostname(),
        endpoint.netns(),
        endpoint.interfaceName(),
        network == null
            ? endpoint.attachment().address()
            : NetworkView.withPrefix(endpoint.attachment().address(), network),
        endpoint.attachment().mac(),
        network == null ? null : network.ipv6WithPrefix(endpoint.attachment().address()));
  }
}
