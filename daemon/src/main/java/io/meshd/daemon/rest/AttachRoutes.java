package io.meshd.daemon.rest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.api.Json;
import io.meshd.api.Paths;
import io.meshd.daemon.control.SwarmControl;
import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.engine.NoEngineException;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.http.Routes.Doors;
import io.meshd.daemon.state.NetworkRecord;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Containers of the Engine that come onto networks of the cluster: the Engine is told of those
 * before, and gets them by name, however they were called.
 */
final class AttachRoutes {
  private final SwarmControl control;
  private final Engine engine;
  private final Twins twins;

  AttachRoutes(SwarmControl control, Engine engine, Twins twins) {
    this.control = control;
    this.engine = engine;
    this.twins = twins;
  }

  void addTo(Routes routes) {
    routes.add(Doors.LOCAL, "POST", Paths.CONTAINERS + "/create", this::create);
    routes.add(
        Doors.LOCAL,
        "POST",
        Paths.NETWORKS + "/{id}/connect",
        exchange -> attach(exchange, "connect"));
    routes.add(
        Doors.LOCAL,
        "POST",
        Paths.NETWORKS + "/{id}/disconnect",
        exchange -> attach(exchange, "disconnect"));
  }

  /** The cluster's network that is meant by ID or name, or null. */
  private @Nullable NetworkRecord ours(String reference) {
    return control.state().networks().values().stream()
        .filter(one -> one.id().equals(reference) || one.name().equals(reference))
        .findAny()
        .orElse(null);
  }

  private void attach(Exchange exchange, String verb) throws IOException, InterruptedException {
    control.catchUp();
    NetworkRecord network = ours(exchange.param("id"));
    String path = exchange.path();
    try {
      if (network != null) {
        if (verb.equals("connect")) {
          twins.ensure(network);
        }
        path = Paths.NETWORKS + "/" + Lookup.encoded(network.name()) + "/" + verb;
      }
      engine.pass(exchange, path, exchange.body());
    } catch (NoEngineException e) {
      throw new ApiException(503, String.valueOf(e.getMessage()));
    }
  }

  private void create(Exchange exchange) throws IOException, InterruptedException {
    control.catchUp();
    try {
      byte[] body = exchange.body();
      JsonNode request = tree(body);
      boolean renamed = mode(request.path("HostConfig"));
      renamed |= endpoints(request.path("NetworkingConfig").path("EndpointsConfig"));
      engine.pass(exchange, exchange.path(), renamed ? Json.bytes(request) : body);
    } catch (NoEngineException e) {
      throw new ApiException(503, String.valueOf(e.getMessage()));
    }
  }

  /** What is no JSON is the Engine's to refuse. */
  private static JsonNode tree(byte[] body) throws IOException {
    try {
      return Json.MAPPER.readTree(body);
    } catch (JsonProcessingException _) {
      return Json.MAPPER.createObjectNode();
    }
  }

  private boolean mode(JsonNode hostConfig) throws IOException {
    String mode = hostConfig.path("NetworkMode").asText();
    NetworkRecord network = ours(mode);
    if (network == null) {
      return false;
    }
    twins.ensure(network);
    if (mode.equals(network.name()) || !(hostConfig instanceof ObjectNode object)) {
      return false;
    }
    object.put("NetworkMode", network.name());
    return true;
  }

  private boolean endpoints(JsonNode config) throws IOException {
    boolean renamed = false;
    if (config instanceof ObjectNode object) {
      for (String reference : List.copyOf(object.propertyStream().map(e -> e.getKey()).toList())) {
        NetworkRecord network = ours(reference);
        if (network != null) {
          twins.ensure(network);
          if (!reference.equals(network.name())) {
            object.set(network.name(), object.remove(reference));
            renamed = true;
          }
        }
      }
    }
    return renamed;
  }
}
