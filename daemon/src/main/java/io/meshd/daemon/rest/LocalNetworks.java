package io.meshd.daemon.rest;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import io.meshd.api.Networks;
import io.meshd.api.Paths;
import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.engine.EngineAnswer;
import io.meshd.daemon.engine.NoEngineException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.state.ClusterState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The networks of this node alone: those of its Engine, and of meshd's own four those whose names
 * the Engine has not. Where the Engine has a network of our plugin's, which is one of the cluster's
 * under the same name, the cluster's stands for both.
 */
final class LocalNetworks {
  private final Supplier<HostNetworks> hostNetworks;
  private final String hostname;
  private final Engine engine;
  private final Twins twins;

  LocalNetworks(Supplier<HostNetworks> hostNetworks, String hostname, Engine engine, Twins twins) {
    this.twins = twins;
    this.hostNetworks = hostNetworks;
    this.hostname = hostname;
    this.engine = engine;
  }

  /** Meshd's own: bridge, docker_gwbridge, host, none. */
  List<Networks.Network> own() {
    return NetworkView.local(hostname, hostNetworks.get());
  }

  /** Those that the exchange's filters let through; {@code ours} says so of meshd's own. */
  List<JsonNode> list(Exchange exchange, ClusterState state, Predicate<Networks.Network> ours)
      throws IOException {
    List<JsonNode> all = new ArrayList<>();
    Set<String> taken = Set.of();
    try (EngineAnswer answer = engine.call(exchange)) {
      for (JsonNode network : answer.json()) {
        if (!Twins.isTwin(network, state)) {
          all.add(network);
        }
      }
      taken = names();
    } catch (NoEngineException _) {
      // meshd's own alone
    }
    for (Networks.Network network : own()) {
      if (!taken.contains(network.name()) && ours.test(network)) {
        all.add(Json.MAPPER.valueToTree(network));
      }
    }
    return all;
  }

  private Set<String> names() throws IOException {
    try (EngineAnswer answer = engine.call("GET", null, Paths.NETWORKS, null)) {
      return answer.json().valueStream().map(LocalNetworks::name).collect(Collectors.toSet());
    }
  }

  private static String name(JsonNode network) {
    return network.path("Name").asText();
  }

  /** The Engine's network of that ID, name or prefix, or null. */
  @Nullable JsonNode ofEngine(String reference) throws IOException {
    try {
      return twins.find(reference);
    } catch (NoEngineException _) {
      return null;
    }
  }
}
