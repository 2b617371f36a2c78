package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * All that there is on a shared cluster: what its manager has, and on each node and outside what
 * runs and what is set up. Two of them differ in what somebody left or took away in between.
 */
record Census(List<String> all) {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /**
   * Left out is what comes with a node's first task and stays: the bridges of the node, tables of
   * meshd's own. A task's end leaves nothing else.
   */
  private static final String NODE =
      """
      say() { sed "s/^/$1 /"; }
      all=$(ps -eo args=)
      echo "$all" | grep -v -e '^ps ' -e '<defunct>$' | cut -c1-200 | say runs
      { ls /run/netns; ls /run/meshd/netns; } 2>/dev/null | say namespace
      ls /sys/class/net | grep -v -e gwbridge -e mesh_bridge -e docker0 | say device
      ip -o addr show dev eth0 | awk '{print $4}' | grep -v ^fe80 | say address
      nft list tables | grep -v meshd | say nft
      find /sys/fs/cgroup -mindepth 2 -type d | grep -v docker | say group
      say resolv.conf </etc/resolv.conf
      if [ -S /run/docker.sock ]; then
        docker -H unix:///run/docker.sock ps -aq | say container
        docker -H unix:///run/docker.sock network ls --format '{{.Name}}' | grep -v gwbridge | say docker
        docker -H unix:///run/docker.sock volume ls -q | say volume
      fi
      """;

  static Census of(Cluster cluster) {
    List<String> all = new ArrayList<>();
    NodeApi manager = new NodeApi(cluster.state(), "n1");
    all.add("swarm " + get(manager, "/v1.45/swarm").path("Spec"));
    for (JsonNode node : get(manager, "/v1.45/nodes")) {
      JsonNode spec = node.path("Spec");
      all.add(
          "%s %s %s %s"
              .formatted(
                  node.path("Description").path("Hostname").asText(),
                  node.path("Status").path("State").asText(),
                  spec,
                  node.path("ManagerStatus").path("Leader")));
    }
    get(manager, "/v1.45/services").forEach(s -> all.add("service " + s.path("Spec").path("Name")));
    for (JsonNode network : get(manager, "/v1.45/networks")) {
      if (network.path("Scope").asText().equals("swarm")) {
        all.add("network " + network.path("Name").asText());
      }
    }
    cluster.meshctl(List.of("endpoint", "ls", "-q")).lines().forEach(e -> all.add("endpoint " + e));
    for (String place : List.of("n1", "n2", "n3", "client")) {
      cluster.sh(place, NODE).lines().forEach(line -> all.add(place + " " + line));
    }
    all.sort(null);
    return new Census(all);
  }

  private static JsonNode get(NodeApi manager, String path) {
    NodeApi.Answer answer = manager.ask("GET", path, null, Duration.ofSeconds(10));
    assertEquals(200, answer.status(), path + ": " + answer.body());
    return answer.body();
  }

  /** Until it is as it was then. */
  void awaitAgain(Cluster cluster, String what) {
    await()
        .alias(what)
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(200))
        .untilAsserted(() -> assertEquals(List.of(), difference(of(cluster))));
  }

  private List<String> difference(Census now) {
    List<String> difference = new ArrayList<>();
    minus(all, now.all).forEach(line -> difference.add("missing: " + line));
    minus(now.all, all).forEach(line -> difference.add("left: " + line));
    return difference;
  }

  private static List<String> minus(List<String> from, List<String> what) {
    List<String> rest = new ArrayList<>(from);
    what.forEach(rest::remove);
    return rest;
  }
}
