package io.meshd.daemon.rest;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import io.meshd.api.Paths;
import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.engine.EngineAnswer;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NetworkRecord;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The Engine's networks that stand for the cluster's: same name, our plugin's driver, and the
 * cluster's ID as option {@value #OPTION}. They are made when a container is to be on one, and go
 * when the cluster's network is removed on this node, or has another ID by then.
 */
final class Twins {
  /** Which network of the cluster it is; the plugin reads it. */
  private static final String OPTION = "mesh.network";

  /** So that tasks can be put on the same network. */
  private static final String FOR = "mesh.for";

  static final String DRIVER = "meshd";

  private final Engine engine;

  Twins(Engine engine) {
    this.engine = engine;
  }

  static boolean isOfPlugin(JsonNode network) {
    String driver = network.path("Driver").asText();
    return driver.equals(DRIVER) || driver.startsWith(DRIVER + ":");
  }

  /** Whether the cluster has a network of that one's name, or has it from a Docker Swarm. */
  static boolean isTwin(JsonNode network, ClusterState state) {
    String name = network.path("Name").asText();
    String id = network.path("Id").asText();
    boolean ofPlugin = isOfPlugin(network);
    return state.networks().values().stream()
        .anyMatch(
            one ->
                one.swarm() == null
                    ? ofPlugin && one.name().equals(name)
                    : one.swarm().id().equals(id));
  }

  /** The Engine's network of that ID, name or prefix, or null. */
  @Nullable JsonNode find(String reference) throws IOException {
    String path = Paths.NETWORKS + "/" + Lookup.encoded(reference);
    try (EngineAnswer answer = engine.call("GET", null, path, null)) {
      return answer.ok() ? answer.json() : null;
    }
  }

  /**
   * Has the Engine know the network, by its name.
   *
   * @throws ApiException 403 in Swarm's words where containers may not be on it, 409 where the
   *     Engine has another network of that name
   */
  void ensure(NetworkRecord network) throws IOException {
    if (!network.attachable()) {
      throw new ApiException(
          403,
          "Could not attach to network %s: rpc error: code = PermissionDenied desc = network %s not manually attachable"
              .formatted(network.name(), network.name()));
    }
    JsonNode there = find(network.name());
    if (there != null && there.path("Name").asText().equals(network.name())) {
      if (!isOfPlugin(there)) {
        throw new ApiException(
            409,
            "the Docker Engine of this node has a network of its own with the name %s: remove one of the two"
                .formatted(network.name()));
      }
      if (there.path("Options").path(OPTION).asText().equals(network.id())) {
        return;
      }
      remove(network.name());
    }
    Map<String, String> which = Map.of(OPTION, network.id());
    byte[] request =
        Json.bytes(
            Map.of(
                "Name", network.name(),
                "Driver", DRIVER,
                "Internal", network.internal(),
                "IPAM",
                    Map.of(
                        "Driver",
                        DRIVER,
                        "Options",
                        which,
                        "Config",
                        List.of(Map.of("Subnet", network.subnet()))),
                "Options", Map.of(OPTION, network.id(), FOR, "tasks")));
    try (EngineAnswer answer = engine.call("POST", null, Paths.NETWORKS + "/create", request)) {
      var _ = answer.json();
    }
  }

  /** Before the cluster's goes; nothing where there is none. */
  void drop(NetworkRecord network) throws IOException {
    JsonNode there = engine.answers() ? find(network.name()) : null;
    if (there != null && isOfPlugin(there) && there.path("Name").asText().equals(network.name())) {
      remove(network.name());
    }
  }

  private void remove(String name) throws IOException {
    String path = Paths.NETWORKS + "/" + Lookup.encoded(name);
    try (EngineAnswer answer = engine.call("DELETE", null, path, null)) {
      var _ = answer.json();
    }
  }
}
