package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** Three managers and a worker: who manages changes, managers die, and what they carry goes on. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(OrderAnnotation.class)
class ManagersTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final List<String> NODES = List.of("n1", "n2", "n3", "n4");
  private static final int PORT = 8080;

  private final Cluster cluster = Cluster.up(ManagersTest.class, "--nodes", "4", "--managers", "3");
  private final Services services = new Services(cluster);

  @AfterAll
  void down() {
    cluster.close();
  }

  /** "n1 Leader", "n2 Reachable", ...; a worker's second word is empty. */
  private String status(String asked, String node) {
    return cluster
        .meshctl(asked, "node", "ls", "--format", "{{.Hostname}}={{.ManagerStatus}}")
        .out()
        .lines()
        .filter(line -> line.startsWith(node + "="))
        .map(line -> line.substring(line.indexOf('=') + 1))
        .findFirst()
        .orElse("unknown");
  }

  private String leader(String asked) {
    return NODES.stream()
        .filter(node -> status(asked, node).equals("Leader"))
        .findFirst()
        .orElse("");
  }

  private void becomes(String asked, String node, String status) {
    await()
        .alias(node + " " + status)
        .atMost(PATIENCE)
        .until(() -> status(asked, node).equals(status));
  }

  private void served() {
    served(NODES);
  }

  private void served(List<String> nodes) {
    for (String node : nodes) {
      assertFalse(cluster.page(node, PORT).isEmpty(), node);
    }
  }

  @Test
  @Order(1)
  void everyManagerAnswersForTheLeaderAndAWorkerDoesNot() {
    services.create(
        "web", List.of("--mode", "global", "-p", PORT + ":80"), Cluster.pageServer(), "80");
    assertEquals("n1", leader("n3"));
    cluster.meshctl("n2", "network", "create", "--driver", "overlay", "asked").orFail();
    assertTrue(
        cluster.meshctl("n3", "network", "ls", "--format", "{{.Name}}").out().contains("asked"));
    cluster.meshctl("n3", "network", "rm", "asked").orFail();
    for (List<String> words :
        List.of(
            List.of("node", "ls"),
            List.of("swarm", "join-token", "manager"),
            List.of("service", "scale", "web=1"))) {
      String said = cluster.meshctl("n4", words.toArray(String[]::new)).err();
      assertTrue(
          said.endsWith(
              "Error response from daemon: This node is not a swarm manager. Worker nodes can't be"
                  + " used to view or modify cluster state. Please run this command on a manager"
                  + " node or promote the current node to a manager."),
          said);
    }
    NODES.forEach(
        node -> await().atMost(PATIENCE).until(() -> !cluster.page(node, PORT).isEmpty()));
  }

  @Test
  @Order(2)
  void aNodeIsPromotedAndDemotedWhileItsWorkGoesOn() {
    assertEquals(
        "Node n4 promoted to a manager in the swarm.",
        cluster.meshctl("n2", "node", "promote", "n4").orFail());
    becomes("n1", "n4", "Reachable");
    assertEquals(
        "Node n4 is already a manager.", cluster.meshctl("n1", "node", "promote", "n4").orFail());
    await().atMost(PATIENCE).until(() -> cluster.meshctl("n4", "node", "ls").ok());
    served();
    assertTrue(
        cluster.meshctl("n1", "node", "rm", "n4").err().contains("It must be demoted to worker"));
    assertEquals(
        "Manager n4 demoted in the swarm.", cluster.meshctl("n4", "node", "demote", "n4").orFail());
    becomes("n1", "n4", "");
    await().atMost(PATIENCE).until(() -> !cluster.meshctl("n4", "node", "ls").ok());
    served();
    assertEquals(
        "Node n4 is already a worker.", cluster.meshctl("n1", "node", "demote", "n4").orFail());
  }

  @Test
  @Order(3)
  void aLeaderThatIsDemotedHandsOver() {
    cluster.meshctl("n1", "node", "demote", "n1").orFail();
    becomes("n2", "n1", "");
    assertTrue(List.of("n2", "n3").contains(leader("n2")));
    assertTrue(
        cluster.meshctl("n2", "node", "demote", leader("n2").equals("n2") ? "n3" : "n2").ok());
    String last = leader("n2").isEmpty() ? leader("n3") : leader("n2");
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                cluster
                    .meshctl(last, "node", "demote", last)
                    .err()
                    .endsWith("attempting to demote the last manager of the swarm"));
    for (String node : List.of("n1", "n2", "n3")) {
      cluster.meshctl(last, "node", "promote", node).orFail();
    }
    for (String node : List.of("n1", "n2", "n3")) {
      await()
          .atMost(PATIENCE)
          .until(() -> List.of("Leader", "Reachable").contains(status(last, node)));
    }
    served();
  }

  @Test
  @Order(4)
  void anotherManagerLeadsWhenTheLeaderDies() {
    String dead = leader("n1");
    String other = dead.equals("n1") ? "n2" : "n1";
    cluster.kill(dead);
    // Waits for the new leader by itself.
    cluster.meshctl(other, "network", "create", "--driver", "overlay", "after").orFail();
    becomes(other, dead, "Unreachable");
    served(NODES.stream().filter(node -> !node.equals(dead)).toList());
    cluster.start(dead);
    becomes(other, dead, "Reachable");
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                cluster
                    .meshctl(dead, "network", "ls", "--format", "{{.Name}}")
                    .out()
                    .contains("after"));
  }

  @Test
  @Order(5)
  void withoutAMajorityChangesAreRefusedAndTrafficGoesOnUntilOneBeginsAnew() {
    assertTrue(
        cluster
            .meshctl("n1", "swarm", "leave")
            .err()
            .startsWith(
                "Error response from daemon: You are attempting to leave the swarm on a node that"
                    + " is participating as a manager. "));
    cluster.kill("n2");
    cluster.kill("n3");
    assertEquals(
        "Error response from daemon: The swarm does not have a leader. It's possible that too few"
            + " managers are online. Make sure more than half of the managers are online.",
        cluster.meshctl("n1", "network", "create", "--driver", "overlay", "frozen").err());
    served(List.of("n1", "n4"));
    String id = cluster.meshctl("n1", "info", "--format", "{{.Swarm.NodeID}}").orFail();
    assertTrue(
        cluster
            .meshctl("n1", "swarm", "init", "--force-new-cluster")
            .orFail()
            .startsWith("Swarm initialized: current node (" + id + ") is now a manager."));
    becomes("n1", "n1", "Leader");
    cluster.meshctl("n1", "network", "create", "--driver", "overlay", "anew").orFail();
    assertTrue(
        cluster.meshctl("n1", "network", "ls", "--format", "{{.Name}}").out().contains("after"));
    served(List.of("n1", "n4"));
    // The others come back as workers, and can be managers again.
    for (String node : List.of("n2", "n3")) {
      cluster.start(node);
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  cluster
                      .meshctl(node, "node", "ls")
                      .err()
                      .contains("Worker nodes can't be used to view or modify cluster state"));
      cluster.meshctl("n1", "node", "promote", node).orFail();
      becomes("n1", node, "Reachable");
      await().atMost(PATIENCE).until(() -> !cluster.page(node, PORT).isEmpty());
    }
  }

  @Test
  @Order(6)
  void aManagerThatLeavesIsNotMissed() {
    cluster.meshctl("n3", "swarm", "leave", "--force").orFail();
    becomes("n1", "n3", "");
    await().atMost(PATIENCE).until(() -> cluster.meshctl("n1", "node", "rm", "n3").ok());
    cluster.meshctl("n1", "network", "create", "--driver", "overlay", "without").orFail();
  }
}
