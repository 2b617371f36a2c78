package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** An unmodified HAProxy outside the cluster, in front of all nodes. */
@SharesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LoadBalancerTest {
  private static final List<String> NODES = List.of("n1", "n2", "n3");
  private static final String CONFIG =
      """
      defaults
        mode http
        timeout connect 2s
        timeout client 20s
        timeout server 20s
        retries 3
        option redispatch 1
      frontend http_front
        bind 127.0.0.1:8000
        stats uri /haproxy
        default_backend http_back
      frontend host_front
        bind 127.0.0.1:8001
        default_backend host_back
      backend http_back
        balance roundrobin
        server node1 10.99.0.1:8080 check inter 500ms
        server node2 10.99.0.2:8080 check inter 500ms
        server node3 10.99.0.3:8080 check inter 500ms
      backend host_back
        balance roundrobin
        default-server inter 100ms fall 2 rise 2
        server node1 10.99.0.1:8089 check
        server node2 10.99.0.2:8089 check
        server node3 10.99.0.3:8089 check
      """;

  private final Cluster cluster = Cluster.shared(LoadBalancerTest.class);
  private final Services services = new Services(cluster);

  @BeforeAll
  void serviceAndHaproxy() throws IOException {
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "net"));
    services.create(
        "web", List.of("--network", "net", "--replicas", "2", "-p", "8080:80"), Cluster.nginx());
    haproxy("haproxy", CONFIG);
    awaitServers("http_back", "UP", "UP", "UP");
  }

  private Process haproxy(String name, String text) throws IOException {
    Path config = cluster.state().resolve(name + ".cfg");
    Files.writeString(config, text);
    return cluster.background(
        cluster.state().resolve(name + ".log"),
        "client",
        "haproxy",
        "-db",
        "-f",
        config.toString());
  }

  @AfterAll
  void down() {
    cluster.sh("client", "pkill -x haproxy");
    cluster.close();
  }

  @Test
  void nothingIsLostWhileNodesStopAndDrainAndServicesScale() throws Exception {
    Load load = new Load();
    services.scale("web", 4);
    services.scale("web", 2);
    load.assertNothingLost("scaling");

    load = new Load();
    cluster.meshctl(List.of("node", "update", "--availability", "drain", "n2"));
    await()
        .atMost(Duration.ofSeconds(40))
        .until(
            () -> {
              List<Task> running = services.running("web");
              return running.size() == 2
                  && running.stream().noneMatch(task -> task.node().equals("n2"));
            });
    load.assertNothingLost("draining a node");
    cluster.meshctl(List.of("node", "update", "--availability", "active", "n2"));

    // A node whose daemon stops answers no port any more; its tasks run on.
    load = new Load();
    cluster.stop("n3");
    try {
      awaitServers("http_back", "UP", "UP", "DOWN");
      load.assertNothingLost("stopping a node");
    } finally {
      cluster.start("n3");
      awaitServers("http_back", "UP", "UP", "UP");
    }
  }

  /** Without the mesh: HAProxy finds by its own checks which nodes have a task. */
  @Test
  void againstHostModePortsNodesWithoutATaskAreDown() throws Exception {
    services.create(
        "direct",
        List.of("--replicas", "2", "-p", "published=8089,target=80,mode=host"),
        Cluster.nginx());
    List<Task> two = services.running("direct", 2);
    awaitServers("host_back", states(two));
    Load load = new Load(8001);
    services.scale("direct", 3);
    awaitServers("host_back", "UP", "UP", "UP");
    load.assertNothingLost("a task more in host mode");
    List<Task> one = services.scale("direct", 1);
    awaitServers("host_back", states(one));
    assertTrue(
        cluster
            .sh("client", "curl -sf -m 5 http://127.0.0.1:8001/")
            .contains(services.address(one.getFirst(), "eth0")));
    cluster.meshctl(List.of("service", "rm", "direct"));
    awaitServers("host_back", "DOWN", "DOWN", "DOWN");
  }

  private static String[] states(List<Task> tasks) {
    return NODES.stream()
        .map(n -> tasks.stream().anyMatch(task -> task.node().equals(n)) ? "UP" : "DOWN")
        .toArray(String[]::new);
  }

  /**
   * HAProxy's plain check resets before the connection is whole, and the mesh never sees it; one
   * that sends something resets when it likes. Neither is anything to blame a task for.
   */
  @Test
  void checksNeverEjectATask() throws IOException {
    int tasks = services.running("web", 2).size();
    Map<String, Long> ejected = new TreeMap<>();
    Map<String, Long> accepted = new TreeMap<>();
    for (String node : NODES) {
      ejected.put(node, counter(node, "ingress.backend.ejected"));
      accepted.put(node, counter(node, "ingress.accepted"));
    }
    String checks =
        CONFIG
            .replace(":800", ":801")
            .replace("500ms", "10ms")
            .replace(
                "backend http_back\n  b",
                "backend http_back\n  option tcp-check\n  tcp-check send x\n  b");
    Process checking = haproxy("checks", checks);
    try {
      for (String node : NODES) {
        await()
            .atMost(Duration.ofSeconds(30))
            .until(
                () ->
                    counter(node, "ingress.accepted")
                        >= Objects.requireNonNull(accepted.get(node)) + 200);
      }
    } finally {
      checking.destroy();
    }
    for (String node : NODES) {
      assertEquals(ejected.get(node), counter(node, "ingress.backend.ejected"), node);
      Set<String> answers = new TreeSet<>();
      for (int i = 0; i < 8; i++) {
        answers.add(cluster.page(node, 8080));
      }
      assertEquals(tasks, answers.size(), node + " answered " + answers);
    }
  }

  private long counter(String node, String name) {
    return cluster
        .meshctl(node, "counters", "--format", "{{.Name}} {{.Value}}")
        .orFail()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToLong(line -> Long.parseLong(line.substring(name.length() + 1)))
        .sum();
  }

  private void awaitServers(String backend, String... wanted) {
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () -> {
              String table =
                  cluster.sh("client", "curl -s -m 5 'http://127.0.0.1:8000/haproxy;csv'");
              for (int i = 0; i < wanted.length; i++) {
                String server = backend + ",node" + (i + 1) + ",";
                String line =
                    table.lines().filter(l -> l.startsWith(server)).findFirst().orElse("");
                assertTrue(line.contains("," + wanted[i] + ","), server + " is not " + wanted[i]);
              }
            });
  }

  /** Requests through HAProxy, a new connection each, until it is asked how they went. */
  private final class Load {
    private final Path report;
    private final Process hey;

    Load() throws IOException {
      this(8000);
    }

    Load(int port) throws IOException {
      report = Files.createTempFile(cluster.state(), "load", "");
      hey =
          cluster.background(
              report,
              "client",
              "sh",
              "-c",
              // Two requests at a time, 100 a second; the signal ends it with a report.
              "hey -z 120s -c 2 -q 50 -t 10 -disable-keepalive http://127.0.0.1:"
                  + port
                  + "/ & echo pid $!;"
                  + " wait");
      await().atMost(Duration.ofSeconds(5)).until(() -> Files.readString(report).contains("pid "));
    }

    void assertNothingLost(String during) throws Exception {
      String pid = Files.readString(report).replaceFirst("(?s)pid (\\d+).*", "$1");
      cluster.run("client", "kill", "-INT", pid).orFail();
      hey.waitFor();
      String said = Files.readString(report);
      List<String> codes = said.lines().map(String::strip).filter(l -> l.matches("\\[.*")).toList();
      assertEquals(1, codes.size(), during + ": " + said);
      assertTrue(
          codes.getFirst().matches("\\[200\\]\\s+[1-9]\\d* responses"), during + ": " + said);
    }
  }
}
