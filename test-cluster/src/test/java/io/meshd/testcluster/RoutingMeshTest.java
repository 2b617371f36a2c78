package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A published port, asked on every node from outside the cluster. */
@SharesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RoutingMeshTest {
  private static final int PORT = 8080;
  private static final List<String> NODES = List.of("n1", "n2", "n3");

  private final Cluster cluster = Cluster.shared(RoutingMeshTest.class);
  private final Services services = new Services(cluster);

  @BeforeAll
  void publish() {
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "net"));
    services.create(
        "web", List.of("--network", "net", "--replicas", "2"), Cluster.pageServer(), "80");
    cluster.meshctl(List.of("service", "publish", PORT + ":80", "web"));
  }

  @BeforeEach
  void wholeAgain() {
    NODES.forEach(cluster::start);
    scale(2);
    awaitPages(NODES);
  }

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  void everyNodeAnswersAlsoOneWithoutTask() {
    Set<String> busy = new TreeSet<>();
    services.running("web", 2).forEach(task -> busy.add(task.node()));
    assertEquals(2, busy.size(), "two tasks leave one of three nodes without any");
    NODES.forEach(node -> assertFalse(cluster.page(node, PORT).isEmpty(), node));
  }

  @Test
  void everyNodeBalancesOverAllTasks() {
    for (String node : NODES) {
      Set<String> answers = new TreeSet<>();
      for (int i = 0; i < 10; i++) {
        answers.add(cluster.page(node, PORT));
      }
      assertEquals(2, answers.size(), node + " answered " + answers);
    }
  }

  @Test
  void scalingLeavesEveryNodeAnswering() {
    scale(5);
    NODES.forEach(node -> assertFalse(cluster.page(node, PORT).isEmpty(), node));
    scale(1);
    for (String node : NODES) {
      for (int i = 0; i < 3; i++) {
        assertFalse(cluster.page(node, PORT).isEmpty(), node);
      }
    }
  }

  @Test
  void withoutTaskThePortRefusesAndAnswersAgain() {
    scale(0);
    for (String node : NODES) {
      CommandResult refused =
          cluster.run(
              "client", "curl", "-sS", "-m", "3", "http://" + Cluster.address(node) + ":8080/");
      // curl's exit code for a connection that was refused; a silent drop would be 28.
      assertEquals(7, refused.exitCode(), refused.err());
    }
  }

  @Test
  void aKilledTaskLeavesTheOthersAnswering() {
    Task victim = services.running("web", 2).getFirst();
    services.sh(victim, "kill -9 $(ss -Hltnp 'sport = :80' | sed 's/.*pid=\\([0-9]*\\).*/\\1/')");
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> services.running("web").stream().noneMatch(t -> t.id().equals(victim.id())));
    awaitPages(NODES);
    services.running("web", 2);
  }

  @Test
  void aKilledDaemonOfAWorkerLeavesTheOthersAnswering() {
    cluster.kill("n3");
    awaitPages(List.of("n1", "n2"));
    cluster.start("n3");
    awaitPages(NODES);
  }

  @Test
  void aNodeWithoutPowerLeavesTheOthersAnsweringAndItsTasksMove() {
    Task victim =
        services.running("web", 2).stream()
            .filter(task -> !task.node().equals("n1"))
            .findFirst()
            .orElseThrow();
    cluster.cutPower(victim.node());
    List<String> left = NODES.stream().filter(node -> !node.equals(victim.node())).toList();
    awaitPages(left);
    await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(500))
        .until(
            () ->
                services.running("web").stream().filter(task -> left.contains(task.node())).count()
                    == 2);
    awaitPages(left);
  }

  private void scale(int count) {
    services.scale("web", count);
  }

  /** Until each of the nodes answers three times in a row. */
  private void awaitPages(List<String> nodes) {
    for (String node : nodes) {
      await()
          .alias(node + " answers")
          .atMost(Duration.ofSeconds(30))
          .until(
              () -> {
                for (int i = 0; i < 3; i++) {
                  if (cluster.page(node, PORT).isEmpty()) {
                    return false;
                  }
                }
                return true;
              });
    }
  }
}
