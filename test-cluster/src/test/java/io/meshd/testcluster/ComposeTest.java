package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Compose files with networks of the swarm: on two nodes, by the Engine and by way of meshd. */
@SharesCluster(SharesCluster.Shape.DOCKER)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ComposeTest {
  private static final Duration PATIENCE = Duration.ofSeconds(40);
  private static final String ENGINE = "unix:///run/docker.sock";
  private static final String MESHD = "unix:///run/meshd/meshd.sock";

  /** A network that is there, and one that the file brings. */
  private static final String EXTERNAL = "{external: true}";

  private static final String BROUGHT =
      """
      {driver: meshd, driver_opts: {mesh.network: mynet}, ipam: {driver: meshd, options: {mesh.network: mynet}}}\
      """;

  private final Cluster cluster = Cluster.shared(ComposeTest.class);
  private final Services services = new Services(cluster);

  @TempDir Path folder;

  @AfterAll
  void down() {
    cluster.close();
  }

  private Path file(String name, String network) throws IOException {
    return Files.writeString(
        folder.resolve(name + ".yml"),
        """
        version: "3.7"
        services:
          %1$s:
            image: busybox
            command: ["sh", "-c", "mkdir -p /w && hostname > /w/index.html && exec httpd -f -p 80 -h /w"]
            hostname: %1$s-host
            stop_signal: KILL
            networks: {mynet: {aliases: [%1$s-alias]}}
        networks:
          mynet: %2$s
        """
            .formatted(name, network));
  }

  private CommandResult compose(String node, String socket, Path file, String... words) {
    List<String> line =
        new ArrayList<>(List.of("docker-compose", "-H", socket, "-p", "made", "-f", "" + file));
    line.addAll(List.of(words));
    return cluster.run(node, line.toArray(String[]::new));
  }

  private void awaitPage(
      String node, String socket, Path file, String service, String name, String page) {
    String ask = "timeout 3 wget -q -O - http://" + name + "/";
    await()
        .alias(service + " asks " + name)
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              CommandResult answer =
                  compose(node, socket, file, "exec", "-T", service, "sh", "-c", ask);
              assertTrue(answer.out().startsWith(page), answer.out() + answer.err());
            });
  }

  @Test
  void servicesOfComposeFilesTakePart() throws IOException {
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "--attachable", "mynet"));
    cluster
        .engine("n1", "network", "create", "-d", "meshd", "--ipam-driver", "meshd", "mynet")
        .orFail();
    services.create("web", List.of("--network", "mynet"), Cluster.pageServer(), "80");
    Path left = file("left", EXTERNAL);
    Path right = file("right", BROUGHT);
    compose("n1", ENGINE, left, "up", "-d").orFail();
    compose("n2", MESHD, right, "up", "-d").orFail();
    awaitPage("n1", ENGINE, left, "left", "right", "right-host");
    awaitPage("n1", ENGINE, left, "left", "right-alias", "right-host");
    awaitPage("n1", ENGINE, left, "left", "web", "task ");
    awaitPage("n2", MESHD, right, "right", "left-alias", "left-host");
    assertTrue(compose("n2", MESHD, right, "ps").orFail().contains("made_right_1"));

    compose("n2", MESHD, right, "restart", "-t", "0").orFail();
    awaitPage("n1", ENGINE, left, "left", "right", "right-host");
    compose("n1", ENGINE, left, "down").orFail();
    compose("n2", MESHD, right, "down").orFail();
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertEquals("", cluster.meshctl(List.of("endpoint", "ls", "-q"))));
    assertEquals(
        "", cluster.engine("n2", "network", "ls", "-q", "--filter", "driver=meshd").orFail());
  }
}
