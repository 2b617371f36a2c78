package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * From two bare nodes to services that change, line by line as Swarm's handbook has it; the data
 * path on a port of its own.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class HandbookTest {
  private static final String DATA_PATH_PORT = "7789";

  private final Cluster cluster = Cluster.up(HandbookTest.class, "--nodes", "2", "--bare");
  private final Services services = new Services(cluster);

  @BeforeAll
  void initAndJoin() {
    cluster.start("n1");
    cluster.start("n2");
    String said =
        cluster.meshctl(
            List.of(
                "swarm",
                "init",
                "--advertise-addr",
                Cluster.address("n1"),
                "--data-path-port",
                DATA_PATH_PORT));
    assertTrue(said.contains("is now a manager."), said);
    String token = cluster.meshctl(List.of("swarm", "join-token", "-q", "worker")).strip();
    String joined =
        cluster
            .meshctl("n2", "swarm", "join", "--token", token, Cluster.address("n1") + ":2377")
            .orFail();
    assertEquals("This node joined a swarm as a worker.", joined.strip());
  }

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  @Order(1)
  void networksAreListedWithTheirScope() {
    assertEquals(
        Map.of(
            "ingress", "overlay swarm",
            "bridge", "bridge local",
            "docker_gwbridge", "bridge local",
            "host", "host local",
            "none", "null local"),
        networks());
    cluster.meshctl(List.of("network", "create", "--driver=overlay", "--attachable", "mynet"));
    cluster.meshctl(List.of("network", "create", "-d", "overlay", "mytest-overlay"));
    assertEquals("overlay swarm", networks().get("mynet"));
    assertEquals(
        "10.0.1.0/24 10.0.1.1 true",
        cluster
            .meshctl(
                List.of(
                    "network",
                    "inspect",
                    "--format",
                    "{{range .IPAM.Config}}{{.Subnet}} {{.Gateway}}{{end}} {{.Attachable}}",
                    "mynet"))
            .strip());
  }

  private Map<String, String> networks() {
    return cluster
        .meshctl(List.of("network", "ls", "--format", "{{.Name}} {{.Driver}} {{.Scope}}"))
        .lines()
        .collect(
            Collectors.toMap(
                line -> line.replaceFirst(" .*", ""),
                line -> line.replaceFirst("\\S+ ", ""),
                (a, b) -> a + " and " + b,
                TreeMap::new));
  }

  @Test
  @Order(2)
  void onlyAnAttachableNetworkTakesEndpoints() {
    cluster.sh("n2", "ip netns add box");
    CommandResult refused =
        cluster.meshctl("n2", "network", "connect", "mytest-overlay", "--netns", "/run/netns/box");
    assertTrue(
        refused.err().contains("network mytest-overlay not manually attachable"), refused.err());
    cluster
        .meshctl("n2", "endpoint", "attach", "--network", "mynet", "--netns", "/run/netns/box")
        .orFail();
    services.create("far", options("mynet", "n1"), "sleep", "1000000");
    Task far = services.only("far");
    String box =
        await()
            .atMost(Duration.ofSeconds(10))
            .until(
                () ->
                    cluster
                        .run("n2", "ip", "netns", "exec", "box", "ip", "-4", "-o", "addr", "show")
                        .out()
                        .replaceFirst("(?s).* inet (10\\.0\\.1\\.\\d+)/24 .*", "$1"),
                address -> address.matches("[0-9.]+"));
    assertTrue(services.sh(far, "ping -c 3 -i 0.2 -W 2 " + box).contains(" 0% packet loss"), box);
    cluster.meshctl(List.of("service", "rm", "far"));
  }

  @Test
  @Order(3)
  void framesTravelOnTheChosenPort() throws Exception {
    services.start("here", options("mynet", "n1"), "sleep", "1000000");
    services.start("there", options("mynet", "n2"), "sleep", "1000000");
    services.converged("here", "there");
    Process capture =
        cluster.background(
            cluster.state().resolve("capture"),
            "n2",
            "timeout",
            "20",
            "tcpdump",
            "-n",
            "-l",
            "-c",
            "4",
            "udp port " + DATA_PATH_PORT + " or udp port 4789");
    String there = services.address(services.only("there"), "eth0");
    Task here = services.only("here");
    await()
        .atMost(Duration.ofSeconds(20))
        .until(
            () -> {
              services.exec(here, "ping", "-c", "1", "-W", "1", there);
              return !capture.isAlive();
            });
    String seen = java.nio.file.Files.readString(cluster.state().resolve("capture"));
    assertTrue(seen.contains("." + DATA_PATH_PORT + ": "), seen);
    assertTrue(!seen.contains(".4789: "), seen);
    cluster.meshctl(List.of("service", "rm", "here", "there"));
  }

  @Test
  @Order(4)
  void aServiceIsScaledAndJoinsANetworkLater() {
    services.start("testalpine", List.of(), "sleep", "1000000");
    services.create("testalpine2", List.of(), "sleep", "1000000");
    String said = cluster.meshctl(List.of("service", "scale", "testalpine2=2"));
    assertTrue(said.startsWith("testalpine2 scaled to 2"), said);
    services.running("testalpine2", 2);
    String both =
        cluster.meshctl(
            List.of("service", "ps", "--format", "{{.Name}}", "testalpine", "testalpine2"));
    assertEquals(3, both.lines().count(), both);

    List<Task> now = services.update("testalpine2", "--network-add", "mytest-overlay");
    for (Task task : now) {
      assertTrue(services.addressWithPrefix(task, "eth0").matches("10\\.0\\.2\\.\\d+/24"));
      assertTrue(services.addressWithPrefix(task, "eth1").matches("172\\.18\\.\\d+\\.\\d+/16"));
    }
    String history = cluster.meshctl(List.of("service", "ps", "testalpine2"));
    assertEquals(
        2,
        history
            .lines()
            .filter(l -> l.contains("\\_ testalpine2.") && l.contains("Shutdown"))
            .count(),
        history);
  }

  private static List<String> options(String network, String node) {
    List<String> options = new ArrayList<>(List.of("--network", network));
    options.addAll(List.of("--constraint", "node.hostname==" + node));
    return options;
  }
}
