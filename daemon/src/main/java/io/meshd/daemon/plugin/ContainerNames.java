package io.meshd.daemon.plugin;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Mesh;
import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.EndpointRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the cluster what Docker calls its containers. The name is known as soon as a container has
 * joined, before its process starts. Aliases are told of by the container's own record, which
 * Docker keeps locked until the container runs: so they are asked for beside everything else.
 */
final class ContainerNames {
  private static final Logger LOG = LoggerFactory.getLogger(ContainerNames.class);

  private final Engine engine;
  private final ClusterCalls cluster;
  private final Runnable onNews;

  /** By Docker's ID of the endpoint; empty while they are asked for. */
  private final Map<String, List<String>> aliases = new ConcurrentHashMap<>();

  /** What Docker shows of an endpoint. */
  record Shown(String container, String name) {}

  /** {@code onNews}: called when aliases are known. */
  ContainerNames(Engine engine, ClusterCalls cluster, Runnable onNews) {
    this.engine = engine;
    this.cluster = cluster;
    this.onNews = onNews;
  }

  /** {@code docker}: endpoints that belong to a container, by Docker's ID. */
  void tell(List<BoundEndpoint> known, Map<String, Shown> docker, ClusterState state)
      throws IOException {
    aliases.keySet().retainAll(docker.keySet());
    List<Mesh.ContainerName> news = new ArrayList<>();
    for (BoundEndpoint endpoint : known) {
      Shown shown = docker.get(endpoint.id());
      EndpointRecord record =
          endpoint.endpointId() == null ? null : state.endpoints().get(endpoint.endpointId());
      if (shown == null || record == null) {
        continue;
      }
      List<String> others = aliases.get(endpoint.id());
      if (others == null) {
        aliases.put(endpoint.id(), List.of());
        others = List.of();
        ask(endpoint.id(), shown.container());
      }
      EndpointRecord.Container said = new EndpointRecord.Container(shown.container(), others);
      if (!said.equals(record.container()) || !shown.name().equals(record.name())) {
        news.add(new Mesh.ContainerName(record.id(), shown.container(), shown.name(), others));
      }
    }
    if (!news.isEmpty()) {
      cluster.name(news);
    }
  }

  private void ask(String endpointId, String container) {
    Thread.ofVirtual()
        .name("container-aliases")
        .start(
            () -> {
              try {
                List<String> found = aliases(endpointId, container);
                if (!found.isEmpty() && aliases.replace(endpointId, List.of(), found)) {
                  onNews.run();
                }
              } catch (IOException | ApiException e) {
                LOG.debug("aliases of container {}: {}", container, e.getMessage());
                aliases.remove(endpointId);
              }
            });
  }

  private List<String> aliases(String endpointId, String container) throws IOException {
    List<String> found = new ArrayList<>();
    JsonNode networks =
        engine
            .document("/containers/" + container + "/json")
            .path("NetworkSettings")
            .path("Networks");
    for (JsonNode network : networks) {
      if (network.path("EndpointID").asText().equals(endpointId)) {
        for (JsonNode alias : network.path("Aliases")) {
          // Docker has the short ID among them.
          if (!container.startsWith(alias.asText())) {
            found.add(alias.asText());
          }
        }
      }
    }
    return List.copyOf(found);
  }
}
