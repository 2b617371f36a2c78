package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Takes from a shared cluster what tests make with meshctl and docker; whether nothing is left then
 * is {@link Census}'s. What they do to nodes and the client by hand they undo themselves.
 */
final class Tidying {
  private static final String NAMESPACES =
      "for n in $(ls /run/netns 2>/dev/null); do ip netns del $n; done";

  private static final String CONTAINERS =
      """
      if [ -S /run/docker.sock ]; then
        export DOCKER_HOST=unix:///run/docker.sock
        all=$(docker ps -aq)
        [ -z "$all" ] || docker rm -f $all
        docker network prune -f
        docker volume prune -f
      fi
      """;

  private Tidying() {}

  static void of(Cluster cluster) {
    each(SharedCluster.NODES, cluster::start);
    names(cluster, "service", "ls", "-q").forEach(s -> mesh(cluster, "service", "rm", s));
    each(SharedCluster.NODES, node -> node(cluster, node));
    nodes(cluster);
    await()
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(200))
        .until(() -> networks(cluster));
  }

  private static void node(Cluster cluster, String node) {
    for (String endpoint :
        cluster.meshctl(node, "endpoint", "ls", "--format", "{{.ID}}").orFail().lines().toList()) {
      cluster.meshctl(node, "endpoint", "detach", endpoint); // refused where it is another node's
    }
    cluster.sh(node, CONTAINERS + NAMESPACES);
  }

  private static void nodes(Cluster cluster) {
    NodeApi manager = new NodeApi(cluster.state(), "n1");
    for (JsonNode node : manager.ask("GET", "/v1.45/nodes", null, Duration.ofSeconds(10)).body()) {
      JsonNode spec = node.path("Spec");
      List<String> line = new ArrayList<>(List.of("node", "update"));
      spec.path("Labels").fieldNames().forEachRemaining(l -> line.addAll(List.of("--label-rm", l)));
      if (!spec.path("Availability").asText().equals("active")) {
        line.addAll(List.of("--availability", "active"));
      }
      if (line.size() > 2) {
        line.add(node.path("ID").asText());
        cluster.meshctl(line);
      }
    }
  }

  /** Whether there is none any more: one is in use until the last task on it has ended. */
  private static boolean networks(Cluster cluster) {
    List<String> networks =
        names(cluster, "network", "ls", "--filter", "driver=overlay", "--format", "{{.Name}}")
            .stream()
            .filter(network -> !network.equals("ingress"))
            .toList();
    return networks.stream().filter(n -> !cluster.meshctl("n1", "network", "rm", n).ok()).count()
        == 0;
  }

  private static List<String> names(Cluster cluster, String... line) {
    return cluster.meshctl("n1", line).orFail().lines().toList();
  }

  private static void mesh(Cluster cluster, String... line) {
    cluster.meshctl(List.of(line));
  }

  private static void each(List<String> nodes, java.util.function.Consumer<String> step) {
    nodes.stream()
        .map(
            node ->
                CompletableFuture.runAsync(
                    () -> step.accept(node), run -> Thread.ofVirtual().start(run)))
        .toList()
        .forEach(CompletableFuture::join);
  }
}
