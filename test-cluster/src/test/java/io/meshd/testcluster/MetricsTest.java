package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A real Prometheus outside the cluster, with the alerts and the board of docs/. */
@SharesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MetricsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path DOCS = Cluster.folder().resolveSibling("docs");
  private static final Path ALERTS = DOCS.resolve("prometheus-alerts.yml");
  private static final Pattern SELECTOR =
      Pattern.compile("\\b(?:meshd|jvm|process)_[a-z_]+\\b(?:\\{[^}]*})?");
  private static final Pattern RULE = Pattern.compile("(?m)^ +expr: (?:>-\\n +)?(.+)$");

  private final Cluster cluster = Cluster.shared(MetricsTest.class);
  private final Services services = new Services(cluster);
  private Process prometheus;

  @BeforeAll
  void serviceAndPrometheus() throws IOException {
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "measured"));
    services.create(
        "web", List.of("--network", "measured", "-p", "8080:80"), Cluster.pageServer(), "80");
    services.converged("web");
    assertFalse(cluster.page("n3", 8080).isEmpty());
    Path config = cluster.state().resolve("prometheus.yml");
    Files.writeString(
        config,
        """
        global: {scrape_interval: 500ms, evaluation_interval: 1s}
        rule_files: ["%s"]
        scrape_configs:
          - job_name: meshd
            static_configs:
              - targets: ["10.99.0.1:9323", "10.99.0.2:9323", "10.99.0.3:9323"]
        """
            .formatted(ALERTS));
    prometheus =
        cluster.background(
            cluster.state().resolve("prometheus.log"),
            "client",
            "prometheus",
            "--config.file=" + config,
            "--storage.tsdb.path=" + cluster.state().resolve("prometheus"),
            "--web.listen-address=127.0.0.1:9090");
    await()
        .atMost(Duration.ofSeconds(15))
        .until(() -> cluster.run("client", "curl", "-fs", "http://127.0.0.1:9090/-/ready").ok());
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> number("sum(up{job='meshd'})") == 3 && number("count(meshd_tasks)") > 0);
  }

  @AfterAll
  void down() {
    cluster.sh("client", "pkill -x prometheus");
    await().atMost(Duration.ofSeconds(10)).until(() -> !prometheus.isAlive());
    cluster.close();
  }

  @Test
  void prometheusHasWhatTheNodesCount() {
    await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(
            () -> {
              String port = "{port='8080/tcp',service='web',instance='10.99.0.3:9323'}";
              assertTrue(number("meshd_port_connections_total" + port) >= 1);
              assertEquals(1, number("meshd_port_backends" + port));
              assertEquals(1, number("sum(meshd_tasks{state='running'})"));
              assertEquals(1, number("sum(meshd_leader)"));
              assertEquals(3, number("meshd_cluster_nodes{state='ready'}"));
              assertEquals(3, number("meshd_gossip_members{state='alive',instance=~'.+2:9323'}"));
              assertTrue(number("meshd_raft_commit_seconds_count") > 5);
              assertTrue(number("min(meshd_reconcile_passes_total)") > 0);
              assertTrue(number("count(meshd_gossip_round_trip_seconds > 0) by (job)") >= 4);
            });
  }

  @Test
  void theSocketGivesTheSamePageInThePlainFormat() throws IOException {
    Path page = cluster.state().resolve("page");
    Files.writeString(
        page,
        cluster.sh("n1", "curl -fs --unix-socket /run/meshd/meshd.sock http://localhost/metrics")
            + "\n");
    assertTrue(
        Files.readString(page).contains("\nmeshd_dropped_frames_total{reason=\"spoofed_ip\"}"));
    CommandResult lint = cluster.run("n1", "sh", "-c", "promtool check metrics <" + page);
    assertTrue(lint.ok(), lint.out() + lint.err());
    assertEquals(
        "404",
        cluster.sh(
            "client", "curl -s -o /dev/null -w '%{http_code}' http://10.99.0.1:9323/v1.47/nodes"));
  }

  @Test
  void alertsAndBoardNameWhatThereIs() throws IOException {
    cluster.run("client", "promtool", "check", "rules", ALERTS.toString()).orFail();
    List<String> expressions = new ArrayList<>();
    Matcher rule = RULE.matcher(Files.readString(ALERTS));
    while (rule.find()) {
      expressions.add(rule.group(1));
    }
    assertTrue(expressions.size() > 10, expressions.toString());
    for (JsonNode panel :
        JSON.readTree(DOCS.resolve("grafana-board.json").toFile()).path("panels")) {
      for (JsonNode target : panel.path("targets")) {
        expressions.add(
            target
                .path("expr")
                .textValue()
                .replace("$__rate_interval", "1m")
                .replace("$instance", ".*"));
      }
    }
    TreeSet<String> unknown = new TreeSet<>();
    for (String expression : expressions) {
      assertEquals("success", query(expression).path("status").textValue(), expression);
      Matcher selector = SELECTOR.matcher(expression);
      while (selector.find()) {
        if (query("count(" + selector.group() + ")").path("data").path("result").isEmpty()) {
          unknown.add(selector.group());
        }
      }
    }
    assertTrue(unknown.isEmpty(), "not measured: " + unknown);
  }

  /** The first value, or -1 where there is none. */
  private double number(String expression) throws IOException {
    JsonNode result = query(expression).path("data").path("result");
    return result.isEmpty()
        ? -1
        : Double.parseDouble(result.path(0).path("value").path(1).asText());
  }

  private JsonNode query(String expression) throws IOException {
    return JSON.readTree(
        cluster
            .run(
                "client",
                "curl",
                "-s",
                "-m",
                "5",
                "--data-urlencode",
                "query=" + expression,
                "http://127.0.0.1:9090/api/v1/query")
            .orFail());
  }
}
