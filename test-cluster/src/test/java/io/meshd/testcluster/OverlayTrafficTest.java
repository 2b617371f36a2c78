package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Two tasks on different nodes, over meshd's VXLAN. */
@SharesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OverlayTrafficTest {
  private static final long ONE_GIGABYTE = 1L << 30;

  private final Cluster cluster = Cluster.shared(OverlayTrafficTest.class);
  private final Services services = new Services(cluster);
  private List<Task> tasks = List.of();

  @BeforeAll
  void twoTasksOnOneNetwork() {
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "net"));
    services.create("peer", List.of("--network", "net", "--replicas", "2"), "sleep", "1000000");
    tasks = services.running("peer", 2);
  }

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  void replicasAreSpreadOverTheNodes() {
    assertNotEquals(tasks.get(0).node(), tasks.get(1).node());
  }

  @Test
  void theyPingEachOther() {
    for (int i = 0; i < 2; i++) {
      String other = services.address(tasks.get(1 - i), "eth0");
      String out = services.sh(tasks.get(i), "ping -c 5 -i 0.2 -W 2 " + other);
      assertTrue(out.contains(" 0% packet loss"), out);
    }
  }

  @Test
  void fullFramesPassWithoutFragments() {
    String other = services.address(tasks.get(1), "eth0");
    // 1450 less the IP and ICMP headers.
    String out = services.sh(tasks.get(0), "ping -c 3 -i 0.2 -W 2 -M do -s 1422 " + other);
    assertTrue(out.contains(" 0% packet loss"), out);
  }

  @Test
  void whatTheirPathCarriesIsAmongTheCounters() {
    String node = tasks.get(0).node();
    await()
        .atMost(Duration.ofSeconds(15))
        .untilAsserted(
            () -> {
              String counters =
                  cluster.meshctl(node, "counters", "--format", "{{.Name}} {{.Value}}").orFail();
              assertTrue(counters.matches("(?s).*path\\.mtu\\.[0-9.]+ 1500\n.*"), counters);
            });
  }

  @Test
  void oneGigabyteArrivesWithTheRightChecksum() throws IOException {
    Task from = tasks.get(0);
    Task to = tasks.get(1);
    Path received = cluster.state().resolve("received");
    Process receiver =
        cluster.background(
            cluster.state().resolve("receiver.log"),
            to.node(),
            meshctlExec(to, Services.bulk("receive", "9000", received.toString())));
    try {
      await()
          .atMost(Duration.ofSeconds(15))
          .until(() -> services.exec(to, "sh", "-c", "ss -ltn | grep -q :9000").ok());
      String sent =
          services
              .exec(
                  from,
                  Services.bulk(
                      "send", services.address(to, "eth0"), "9000", Long.toString(ONE_GIGABYTE)))
              .orFail();
      await().atMost(Duration.ofSeconds(15)).until(() -> Files.exists(received));
      assertEquals(sent, Files.readString(received));
      assertTrue(sent.startsWith(ONE_GIGABYTE + " "), sent);
    } finally {
      receiver.destroy();
    }
  }

  @Test
  void noTaskAnswersOnAnAddressThatNobodyHas() {
    CommandResult ping = services.exec(tasks.get(0), "ping", "-c", "2", "-W", "1", "10.0.1.200");
    assertTrue(ping.out().contains("100% packet loss"), ping.out());
  }

  private static String[] meshctlExec(Task task, String... command) {
    return java.util.stream.Stream.concat(
            java.util.stream.Stream.of("meshctl", "exec", task.id()),
            java.util.stream.Stream.of(command))
        .toArray(String[]::new);
  }
}
