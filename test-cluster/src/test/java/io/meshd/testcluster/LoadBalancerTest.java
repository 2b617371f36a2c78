package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
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

/** An unmodified HAProxy outside the cluster, in front of all nodes. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LoadBalancerTest {
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
      backend http_back
        balance roundrobin
        server node1 10.99.0.1:8080 check inter 500ms
        server node2 10.99.0.2:8080 check inter 500ms
        server node3 10.99.0.3:8080 check inter 500ms
      """;

  private final Cluster cluster = Cluster.up(LoadBalancerTest.class);
  private final Services services = new Services(cluster);

  @BeforeAll
  void haproxy() throws IOException {
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "net"));
    services.create(
        "web", List.of("--network", "net", "--replicas", "2", "-p", "8080:80"), Cluster.nginx());
    Path config = cluster.state().resolve("haproxy.cfg");
    Files.writeString(config, CONFIG);
    cluster.background(
        cluster.state().resolve("haproxy.log"),
        "client",
        "haproxy",
        "-db",
        "-f",
        config.toString());
    awaitServers("UP", "UP", "UP");
  }

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  void nothingIsLostWhileNodesStopAndDrainAndServicesScale() throws Exception {
    Load load = new Load();
    cluster.meshctl(List.of("service", "scale", "-d", "web=4"));
    services.running("web", 4);
    cluster.meshctl(List.of("service", "scale", "-d", "web=2"));
    services.running("web", 2);
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
    awaitServers("UP", "UP", "DOWN");
    load.assertNothingLost("stopping a node");
    cluster.start("n3");
    awaitServers("UP", "UP", "UP");
  }

  private void awaitServers(String... wanted) {
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () -> {
              String table =
                  cluster.sh("client", "curl -s -m 5 'http://127.0.0.1:8000/haproxy;csv'");
              for (int i = 0; i < wanted.length; i++) {
                String server = "http_back,node" + (i + 1) + ",";
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
      report = Files.createTempFile(cluster.state(), "load", "");
      hey =
          cluster.background(
              report,
              "client",
              "sh",
              "-c",
              // Two requests at a time, 100 a second; the signal ends it with a report.
              "hey -z 120s -c 2 -q 50 -t 10 -disable-keepalive http://127.0.0.1:8000/ & echo pid $!;"
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
