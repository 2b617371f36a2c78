package io.meshd.daemon.plugin;

import io.meshd.api.Json;
import io.meshd.api.Mesh;
import io.meshd.api.Paths;
import io.meshd.api.http.UnixHttp;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the plugin asks of the cluster, over this node's own API, which takes it to the leader.
 * While none leads, it is asked again for some seconds: what an unheard call may have done is found
 * later ({@link Leftovers}).
 */
final class ClusterCalls {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration PAUSE = Duration.ofMillis(200);
  private static final int UNAVAILABLE = 503;

  private final UnixHttp http;

  /** {@code socket}: of the API. */
  ClusterCalls(Path socket) {
    http = new UnixHttp(socket, "meshd-plugin");
  }

  /**
   * An address for a container of this node.
   *
   * @param network name or ID
   * @param address wanted, or null for any
   * @throws IOException in the cluster's words when it is refused
   */
  Mesh.Endpoint attach(String network, @Nullable String address) throws IOException {
    byte[] answer =
        call("POST", Paths.CONTAINER_ENDPOINTS, new Mesh.ContainerAttachRequest(network, address));
    return Json.MAPPER.readValue(answer, Mesh.Endpoint.class);
  }

  /** Gives the address back; also when that is done already. */
  void detach(String endpointId) throws IOException {
    var _ = call("DELETE", Paths.CONTAINER_ENDPOINTS + "/" + endpointId, null);
  }

  void name(List<Mesh.ContainerName> containers) throws IOException {
    var _ = call("POST", Paths.CONTAINER_ENDPOINTS + "/names", new Mesh.ContainerNames(containers));
  }

  /**
   * A network of a Docker Swarm is carried from here on.
   *
   * @param id the Swarm's
   * @param gateway without prefix, or null for the first address
   */
  void adopt(
      String id, String name, String subnet, @Nullable String gateway, Map<String, String> options)
      throws IOException {
    var _ =
        call(
            "POST",
            Paths.SWARM_NETWORKS,
            new Mesh.SwarmNetwork(id, name, subnet, gateway, options));
  }

  /** All services with a virtual IP on that network; {@code id}: the Swarm's. */
  void follow(String id, List<Mesh.SwarmService> services) throws IOException {
    var _ =
        call(
            "POST",
            Paths.SWARM_NETWORKS + "/" + id + "/services",
            new Mesh.SwarmServices(services));
  }

  /** The Docker Swarm has that network no more. */
  void drop(String id) throws IOException {
    var _ = call("DELETE", Paths.SWARM_NETWORKS + "/" + id, null);
  }

  private byte[] call(String method, String path, @Nullable Object body) throws IOException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      try (UnixHttp.Answer answer =
          http.send(method, path, body == null ? null : Json.bytes(body), false)) {
        byte[] content = answer.body().readAllBytes();
        if (answer.status() < 400) {
          return content;
        }
        if (answer.status() != UNAVAILABLE || System.nanoTime() > end) {
          throw new IOException(message(content));
        }
      }
      try {
        Thread.sleep(PAUSE);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
  }

  private static String message(byte[] content) throws IOException {
    String text = new String(content, StandardCharsets.UTF_8);
    return Json.MAPPER.readTree(content).path("message").asText(text);
  }
}
