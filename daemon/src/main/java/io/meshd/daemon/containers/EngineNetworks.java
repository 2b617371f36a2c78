package io.meshd.daemon.containers;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.plugin.PluginOptions;
import io.meshd.daemon.tasks.DesiredContainer;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * The Engine's networks that tasks are put on, one for each of the cluster's. They have its name
 * where that is free, and its subnet: only then does Docker take an address for a container.
 */
final class EngineNetworks {
  private final EngineCalls calls;
  private final ReentrantLock making = new ReentrantLock();

  EngineNetworks(EngineCalls calls) {
    this.calls = calls;
  }

  /**
   * Has the Engine know the network.
   *
   * @return its name there
   */
  String ensure(DesiredContainer.Network network) throws IOException {
    making.lock();
    try {
      boolean taken = false;
      for (JsonNode there : calls.get("/networks")) {
        if (standsFor(there, network)) {
          return there.path("Name").asText();
        }
        taken |= there.path("Name").asText().equals(network.name());
      }
      return make(network, taken ? network.name() + ".tasks" : network.name());
    } finally {
      making.unlock();
    }
  }

  private static boolean standsFor(JsonNode there, DesiredContainer.Network network) {
    JsonNode options = there.path("Options");
    return ofTasks(there)
        && network.id().equals(options.path(PluginOptions.NETWORK).asText())
        && network
            .subnet()
            .equals(there.path("IPAM").path("Config").path(0).path("Subnet").asText());
  }

  private static boolean ofTasks(JsonNode there) {
    return PluginOptions.DRIVER.equals(there.path("Driver").asText())
        && PluginOptions.TASKS.equals(there.path("Options").path(PluginOptions.FOR).asText());
  }

  private String make(DesiredContainer.Network network, String name) throws IOException {
    Map<String, String> which = Map.of(PluginOptions.NETWORK, network.id());
    Map<String, Object> request =
        Map.of(
            "Name",
            name,
            "CheckDuplicate",
            true,
            "Driver",
            PluginOptions.DRIVER,
            "Internal",
            network.internal(),
            "IPAM",
            Map.of(
                "Driver",
                PluginOptions.DRIVER,
                "Options",
                which,
                "Config",
                List.of(Map.of("Subnet", network.subnet()))),
            "Options",
            Map.of(PluginOptions.NETWORK, network.id(), PluginOptions.FOR, PluginOptions.TASKS));
    var _ = calls.post("/networks/create", request);
    return name;
  }

  /** Also one that does not run would miss it. */
  private boolean hasContainers(JsonNode network) throws IOException {
    String query =
        "/containers/json?all=true&limit=1&filters="
            + Engine.query(Map.of("network", List.of(network.path("Id").asText())));
    return !calls.get(query).isEmpty();
  }

  /** Removes those that no task of this node is on, and no other container. */
  void removeOthers(Supplier<List<String>> inUse) throws IOException {
    making.lock();
    try {
      List<String> used = inUse.get();
      String query =
          "/networks?filters="
              + Engine.query(
                  Map.of("driver", List.of(PluginOptions.DRIVER), "dangling", List.of("true")));
      for (JsonNode there : calls.get(query)) {
        String overlay = there.path("Options").path(PluginOptions.NETWORK).asText();
        if (ofTasks(there) && !used.contains(overlay) && !hasContainers(there)) {
          calls.delete("/networks/" + there.path("Id").asText());
        }
      }
    } finally {
      making.unlock();
    }
  }
}
