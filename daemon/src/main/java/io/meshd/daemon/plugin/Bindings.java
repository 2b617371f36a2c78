package io.meshd.daemon.plugin;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.meshd.api.Json;
import io.meshd.daemon.disk.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The Engine's networks and endpoints that are ours. Docker tells of each once, and not again after
 * a restart of either side: so they are on disk before Docker is answered.
 */
final class Bindings {
  private final Path file;
  private final Map<String, BoundNetwork> networks;
  private final Map<String, BoundEndpoint> endpoints;

  private record Stored(
      @JsonProperty("networks") Map<String, BoundNetwork> networks,
      @JsonProperty("endpoints") Map<String, BoundEndpoint> endpoints) {}

  Bindings(Path file) throws IOException {
    this.file = file;
    Stored stored = new Stored(Map.of(), Map.of());
    try {
      stored = Json.MAPPER.readValue(Files.readAllBytes(file), Stored.class);
    } catch (NoSuchFileException e) {
      // None yet.
    }
    networks = new TreeMap<>(stored.networks());
    endpoints = new TreeMap<>(stored.endpoints());
  }

  synchronized List<BoundNetwork> networks() {
    return List.copyOf(networks.values());
  }

  synchronized @Nullable BoundNetwork network(String id) {
    return networks.get(id);
  }

  synchronized void put(BoundNetwork network) throws IOException {
    if (!network.equals(networks.put(network.id(), network))) {
      save();
    }
  }

  synchronized void removeNetwork(String id) throws IOException {
    if (networks.remove(id) != null) {
      save();
    }
  }

  synchronized List<BoundEndpoint> endpoints() {
    return List.copyOf(endpoints.values());
  }

  synchronized @Nullable BoundEndpoint endpoint(String id) {
    return endpoints.get(id);
  }

  synchronized void put(BoundEndpoint endpoint) throws IOException {
    if (!endpoint.equals(endpoints.put(endpoint.id(), endpoint))) {
      save();
    }
  }

  synchronized void removeEndpoint(String id) throws IOException {
    if (endpoints.remove(id) != null) {
      save();
    }
  }

  /** The cluster is left. */
  synchronized void forget() throws IOException {
    networks.clear();
    endpoints.clear();
    DurableFiles.delete(file);
  }

  private void save() throws IOException {
    DurableFiles.write(file, Json.bytes(new Stored(networks, endpoints)));
  }
}
