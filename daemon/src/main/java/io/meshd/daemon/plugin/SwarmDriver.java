package io.meshd.daemon.plugin;

import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.http.ApiException;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The NetworkDriver for a Docker Swarm, whose addresses are given by that Swarm:
 *
 * <pre>
 *   AllocateNetwork   on a manager, when the network is made and after each restart: it is adopted
 *   CreateNetwork     on a node that gets its first task of it: has to be known by then
 *   CreateEndpoint    the address is taken for this node in the cluster
 *   Join, Leave       as for containers that somebody runs ({@link Endpoints})
 *   DeleteEndpoint    the address is given back
 *   FreeNetwork       on a manager: it is removed; {@link SwarmWatch} does it where it is in use yet
 * </pre>
 */
final class SwarmDriver {
  private static final Logger LOG = LoggerFactory.getLogger(SwarmDriver.class);

  private final Endpoints endpoints;
  private final Bindings bindings;
  private final Overlays overlays;
  private final ClusterCalls cluster;
  private final Engine engine;

  SwarmDriver(
      Endpoints endpoints,
      Bindings bindings,
      Overlays overlays,
      ClusterCalls cluster,
      Engine engine) {
    this.endpoints = endpoints;
    this.bindings = bindings;
    this.overlays = overlays;
    this.cluster = cluster;
    this.engine = engine;
  }

  /** A door with all of it. */
  PluginDoor door() {
    PluginDoor door = new PluginDoor();
    door.add("Plugin.Activate", Map.of("Implements", List.of("NetworkDriver")));
    door.add(
        "NetworkDriver.GetCapabilities", Map.of("Scope", "global", "ConnectivityScope", "global"));
    door.add("NetworkDriver.AllocateNetwork", Messages.NetworkRequest.class, this::allocate);
    door.add(
        "NetworkDriver.FreeNetwork",
        Messages.Reference.class,
        request -> PluginDoor.done(() -> free(request)));
    door.add(
        "NetworkDriver.CreateNetwork",
        Messages.NetworkRequest.class,
        request -> PluginDoor.done(() -> overlays.ofSwarm(request.networkId())));
    door.add(
        "NetworkDriver.CreateEndpoint",
        Messages.EndpointRequest.class,
        request -> endpoints.createAt(overlays.ofSwarm(request.networkId()), request));
    door.add("NetworkDriver.EndpointOperInfo", Messages.Reference.class, endpoints::info);
    door.add("NetworkDriver.Join", Messages.JoinRequest.class, endpoints::join);
    door.add(
        "NetworkDriver.Leave",
        Messages.Reference.class,
        request -> PluginDoor.done(() -> endpoints.leave(request)));
    door.add(
        "NetworkDriver.DeleteEndpoint",
        Messages.Reference.class,
        request -> PluginDoor.done(() -> delete(request)));
    door.ignore(
        "NetworkDriver.DeleteNetwork",
        "NetworkDriver.DiscoverNew",
        "NetworkDriver.DiscoverDelete",
        "NetworkDriver.ProgramExternalConnectivity",
        "NetworkDriver.RevokeExternalConnectivity");
    return door;
  }

  private Map<String, Object> allocate(Messages.NetworkRequest request) throws IOException {
    if (request.ipv6() != null && !request.ipv6().isEmpty()) {
      throw new IOException("networks of meshd carry IPv4 only: leave --ipv6 out");
    }
    if (request.ipv4() == null || request.ipv4().size() != 1) {
      throw new IOException("a network of meshd has one subnet");
    }
    Messages.IpamData data = request.ipv4().getFirst();
    if (data.pool() == null) {
      throw new IOException("a network of meshd has one subnet");
    }
    Map<String, String> options = new HashMap<>();
    if (request.options() != null) {
      request.options().forEach((key, value) -> options.put(key, String.valueOf(value)));
    }
    String gateway = data.gateway();
    cluster.adopt(
        request.networkId(),
        name(request.networkId()),
        data.pool(),
        gateway == null || gateway.isEmpty() ? null : Addresses.withoutPrefix(gateway),
        options);
    return Map.of("Options", options);
  }

  /** As the Swarm calls it, as far as its manager answers by now. */
  private String name(String id) {
    try {
      String name = engine.document("/networks/" + id).path("Name").asText();
      return name.isEmpty() ? id : name;
    } catch (IOException | ApiException e) {
      LOG.debug("the name of network {}: {}", id, e.getMessage());
      return id;
    }
  }

  private void free(Messages.Reference request) throws IOException {
    try {
      cluster.drop(request.networkId());
    } catch (IOException e) {
      LOG.info("network {} goes later: {}", request.networkId(), e.getMessage());
    }
  }

  private void delete(Messages.Reference request) throws IOException {
    BoundEndpoint endpoint = bindings.endpoint(Objects.requireNonNull(request.endpointId()));
    if (endpoint != null) {
      endpoints.delete(endpoint.id());
      if (endpoint.endpointId() != null) {
        cluster.detach(endpoint.endpointId());
      }
    }
  }
}
