package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * A Docker Swarm that is there already, on its usual ports, with meshd under it on others. The
 * Swarm's manager is on n1, meshd's on n2.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ExistingSwarmTest {
  private static final Duration PATIENCE = Duration.ofSeconds(40);
  private static final List<String> NODES = List.of("n1", "n2");
  private static final String PLUGIN = "meshd-swarm:latest";
  private static final String SERVER =
      "mkdir -p /w && hostname > /w/index.html; trap exit TERM; busybox httpd -f -p 80 -h /w & wait";

  private final Cluster cluster =
      Cluster.up(
          ExistingSwarmTest.class,
          "--nodes",
          "2",
          "--bare",
          "--docker",
          "--flags",
          "--listen-addr 0.0.0.0:2387 --gossip-port 7956");

  private String vip = "";

  @BeforeAll
  void swarms() {
    docker("n1", "swarm", "init", "--advertise-addr", Cluster.address("n1")).orFail();
    String worker = docker("n1", "swarm", "join-token", "-q", "worker").orFail().strip();
    docker("n2", "swarm", "join", "--token", worker, Cluster.address("n1") + ":2377").orFail();
    NODES.forEach(cluster::start);
    String address = Cluster.address("n2") + ":2387";
    cluster
        .meshctl("n2", "swarm", "init", "--advertise-addr", address, "--data-path-port", "4790")
        .orFail();
    String token = cluster.meshctl("n2", "swarm", "join-token", "-q", "worker").orFail().strip();
    cluster
        .meshctl(
            "n1",
            "swarm",
            "join",
            "--advertise-addr",
            Cluster.address("n1") + ":2387",
            "--token",
            token,
            address)
        .orFail();
    for (String node : NODES) {
      assertEquals(PLUGIN, cluster.meshctl(node, "plugin", "install").orFail().strip());
    }
    // Swarm asks its nodes every ten seconds what plugins they have.
    String plugins = "{{json .Description.Engine.Plugins}}";
    for (String node : NODES) {
      await()
          .alias("the Docker Swarm knows the plugin of " + node)
          .atMost(PATIENCE)
          .until(
              () -> docker("n1", "node", "inspect", "-f", plugins, node).orFail().contains(PLUGIN));
    }
    docker("n1", "network", "create", "-d", PLUGIN, "--subnet", "10.50.0.0/24", "swnet").orFail();
    docker(
            "n1",
            "service",
            "create",
            "--detach",
            "--no-resolve-image",
            "--name",
            "web",
            "--replicas",
            "3",
            "--network",
            "swnet",
            "--restart-delay",
            "1s",
            // By its ID, so that no registry is asked.
            docker("n1", "image", "inspect", "-f", "{{.Id}}", "busybox").orFail().strip(),
            "sh",
            "-c",
            SERVER)
        .orFail();
    awaitRunning(3);
    vip = virtualIp();
  }

  @AfterAll
  void down() {
    cluster.close();
  }

  private CommandResult docker(String node, String... args) {
    return cluster.engine(node, args);
  }

  private String virtualIp() {
    String format = "{{(index .Endpoint.VirtualIPs 0).Addr}}";
    String address = docker("n1", "service", "inspect", "-f", format, "web").orFail().strip();
    assertTrue(address.startsWith("10.50.0.") && address.endsWith("/24"), address);
    return address.substring(0, address.indexOf('/'));
  }

  private void awaitRunning(int tasks) {
    await()
        .alias(tasks + " tasks run")
        .atMost(PATIENCE)
        .untilAsserted(() -> assertEquals(tasks, containers().size()));
  }

  /** IDs of the tasks' containers of both nodes, behind their node. */
  private List<String> containers() {
    List<String> all = new ArrayList<>();
    for (String node : NODES) {
      docker(node, "ps", "-q", "--filter", "label=com.docker.swarm.service.name=web")
          .orFail()
          .lines()
          .forEach(id -> all.add(node + " " + id));
    }
    return all;
  }

  private String on(String node) {
    return containers().stream()
        .filter(container -> container.startsWith(node + " "))
        .findFirst()
        .orElseThrow()
        .substring(node.length() + 1);
  }

  private CommandResult in(String node, String container, String script) {
    return docker(node, "exec", container, "sh", "-c", script);
  }

  /** Who answers thirty requests from a task of that node; a failed one is "nobody". */
  private Set<String> answers(String node, String target) {
    String script =
        "for i in $(seq 30); do timeout 2 wget -q -O - http://" + target + "/ || echo nobody; done";
    return new TreeSet<>(in(node, on(node), script).orFail().lines().toList());
  }

  /** From a task of every node, by the address and by Docker's name. */
  private void awaitAnswers(int tasks) {
    for (String node : NODES) {
      if (containers().stream().noneMatch(container -> container.startsWith(node + " "))) {
        continue;
      }
      for (String target : List.of(vip, "web")) {
        await()
            .alias(target + " from " + node)
            .atMost(PATIENCE)
            .untilAsserted(
                () -> {
                  Set<String> names = answers(node, target);
                  assertTrue(names.size() == tasks && !names.contains("nobody"), names.toString());
                });
      }
    }
  }

  @Test
  @Order(1)
  void tasksReachEachOtherAndTheVirtualIp() {
    awaitAnswers(3);
    String there =
        docker("n2", "inspect", "-f", "{{.NetworkSettings.Networks.swnet.IPAddress}}", on("n2"))
            .orFail()
            .strip();
    in("n1", on("n1"), "ping -c 1 -W 2 " + there + " && ping -c 1 -W 2 " + vip).orFail();
    String link = in("n1", on("n1"), "ip addr show dev eth0").orFail();
    assertTrue(link.contains("02:42:0a:32:00:") && link.contains("mtu 1450"), link);
  }

  @Test
  @Order(2)
  void meshdShowsTheNetworkAndLeavesItToTheSwarm() {
    assertTrue(cluster.meshctl("n2", "network", "ls").orFail().contains("swnet"));
    CommandResult removed = cluster.meshctl("n2", "network", "rm", "swnet");
    assertTrue(removed.err().contains("is the Docker Swarm's: remove it there"), removed.err());
  }

  @Test
  @Order(3)
  void scalesAndDeathsAreFollowed() {
    docker("n1", "service", "scale", "--detach", "web=1").orFail();
    awaitRunning(1);
    awaitAnswers(1);
    docker("n1", "service", "scale", "--detach", "web=4").orFail();
    awaitRunning(4);
    awaitAnswers(4);
    docker("n2", "rm", "-f", on("n2")).orFail();
    await().atMost(PATIENCE).until(() -> !answers("n1", vip).contains("nobody"));
    awaitRunning(4);
    awaitAnswers(4);
  }

  @Test
  @Order(4)
  void restartsOfBothLeaveItAsItWas() {
    cluster.stop("n1");
    cluster.start("n1");
    awaitAnswers(4);
    cluster.script("stop", "--docker", "n1").orFail();
    cluster.script("start", "--docker", "n1").orFail();
    awaitRunning(4);
    awaitAnswers(4);
    // An Engine that nobody answers while it starts disables its plugin.
    cluster.script("stop", "--docker", "n2").orFail();
    cluster.stop("n2");
    cluster.script("start", "--docker", "n2").orFail();
    cluster.start("n2");
    await()
        .alias("the plugin of n2 is enabled")
        .atMost(PATIENCE)
        .until(
            () ->
                docker("n2", "plugin", "inspect", "-f", "{{.Enabled}}", PLUGIN)
                    .out()
                    .contains("true"));
    awaitRunning(4);
    // More tasks, for the node that has lost its own.
    docker("n1", "service", "scale", "--detach", "web=6").orFail();
    awaitRunning(6);
    awaitAnswers(6);
  }

  @Test
  @Order(5)
  void nothingIsLeft() {
    docker("n1", "service", "rm", "web").orFail();
    awaitRunning(0);
    await().atMost(PATIENCE).until(() -> docker("n1", "network", "rm", "swnet").ok());
    await()
        .alias("what is left")
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              String networks = cluster.meshctl("n2", "network", "ls").orFail();
              assertTrue(!networks.contains("swnet"), networks);
              String endpoints = cluster.meshctl("n2", "endpoint", "ls").orFail();
              assertEquals(1, endpoints.lines().count(), endpoints);
              for (String node : NODES) {
                assertEquals(0, bound(node), node);
                assertEquals("", cluster.sh(node, "ip -o link | grep ': mt' || true"), node);
              }
            });
    for (String node : NODES) {
      cluster.meshctl(node, "plugin", "rm").orFail();
      assertTrue(!docker(node, "plugin", "inspect", PLUGIN).ok());
    }
  }

  private int bound(String node) {
    try {
      JsonNode file =
          Json.MAPPER.readTree(
              Files.readAllBytes(
                  cluster.state().resolve(node).resolve("data/docker-networks.json")));
      return file.path("endpoints").size();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
