package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Servers that people run, typed as Swarm's handbook types them. */
@SharesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RealServersTest {
  private static final List<String> NODES = List.of("n1", "n2", "n3");

  private final Cluster cluster = Cluster.shared(RealServersTest.class);
  private final Services services = new Services(cluster);

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  void redisAnswersOnEveryNode() {
    String said =
        cluster
            .meshctl(
                "n1",
                "service",
                "create",
                "--runtime",
                "process",
                "--replicas",
                "3",
                "--name",
                "myredis",
                "--publish",
                "published=63790,target=6379",
                "--update-delay",
                "2s",
                "redis-server",
                "--port",
                "6379",
                "--protected-mode",
                "no",
                "--save",
                "",
                "--dir",
                "/run")
            .orFail();
    assertTrue(said.lines().findFirst().orElse("").matches("[a-z0-9]{25}"), said);
    assertTrue(said.contains("overall progress: 3 out of 3 tasks"), said);
    assertTrue(said.contains("verify: Service"), said);
    assertTrue(said.contains("converged"), said);
    assertTrue(
        cluster.meshctl(List.of("service", "ls")).contains("*:63790->6379/tcp"), "ports column");

    for (String node : NODES) {
      String listening = cluster.sh(node, "ss -Hltnp 'sport = :63790'");
      assertEquals(1, listening.lines().count(), listening);
      assertTrue(listening.contains("\"meshd\""), listening);
      // An inline command is answered, and so is the last word; then the server closes.
      String talk =
          cluster.sh(
              "client",
              "{ printf 'GET /\\r\\n'; printf 'quit\\r\\n'; } | busybox nc -w 5 "
                  + Cluster.address(node)
                  + " 63790");
      assertEquals(List.of("$-1", "+OK"), talk.lines().toList(), node);
    }

    Instant start = Instant.now();
    services.update("myredis", "--env-add", "ROUND=2");
    Duration took = Duration.between(start, Instant.now());
    assertTrue(took.compareTo(Duration.ofSeconds(4)) >= 0, "two delays of 2 s, but took " + took);
    List<Task> all = services.all("myredis");
    assertEquals(6, all.size(), all.toString());
    assertEquals(3, all.stream().filter(task -> task.state().equals("Shutdown")).count());
    cluster.meshctl(List.of("service", "rm", "myredis"));
  }

  @Test
  void nginxBehindTheMeshAndItsPortsChange() {
    cluster.meshctl(
        List.of(
            "service",
            "create",
            "-q",
            "--runtime",
            "process",
            "--name",
            "mynginx",
            "--publish",
            "published=8080,target=80",
            "--replicas",
            "2",
            Cluster.nginx()));
    for (String node : NODES) {
      awaitPage(node, 8080);
      Set<String> who = new TreeSet<>();
      for (int i = 0; i < 6; i++) {
        who.add(cluster.page(node, 8080));
      }
      assertEquals(2, who.size(), node + " answered " + who);
    }
    List<Task> before = services.running("mynginx", 2);

    cluster.meshctl(
        List.of("service", "update", "-d", "--publish-add", "published=8082,target=80", "mynginx"));
    NODES.forEach(node -> awaitPage(node, 8082));
    assertEquals(
        "[{\"Protocol\":\"tcp\",\"TargetPort\":80,\"PublishedPort\":8080,\"PublishMode\":\"ingress\"},"
            + "{\"Protocol\":\"tcp\",\"TargetPort\":80,\"PublishedPort\":8082,\"PublishMode\":\"ingress\"}]",
        ports("mynginx"));
    // By the target port, as Docker has it: both go.
    cluster.meshctl(List.of("service", "update", "-d", "--publish-rm", "80", "mynginx"));
    for (String node : NODES) {
      await()
          .atMost(Duration.ofSeconds(10))
          .until(() -> cluster.page(node, 8080).isEmpty() && cluster.page(node, 8082).isEmpty());
    }
    cluster.meshctl(
        List.of("service", "update", "-d", "--publish-add", "published=8080,target=80", "mynginx"));
    NODES.forEach(node -> awaitPage(node, 8080));
    assertEquals(before, services.running("mynginx", 2), "ports come and go without the tasks");
    cluster.meshctl(List.of("service", "rm", "mynginx"));
  }

  @Test
  void memcachedIsAskedByNameAndThroughTheMesh() {
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "cachenet"));
    services.start(
        "cache",
        List.of("--network", "cachenet", "-p", "published=11211,target=11211"),
        "memcached",
        "-u",
        "root",
        "-p",
        "11211");
    services.start("app", List.of("--network", "cachenet", "--replicas", "3"), "sleep", "1000000");
    services.converged("cache", "app");
    List<Task> apps = services.running("app", 3);
    String key = "set greeting 0 0 5\\r\\nhello\\r\\n";
    assertEquals(List.of("STORED"), memcached(apps.getFirst(), key));
    for (Task app : apps) {
      assertEquals(
          List.of("VALUE greeting 0 5", "hello", "END"), memcached(app, "get greeting\\r\\n"));
    }
    for (String node : NODES) {
      String said =
          cluster.sh(
              "client",
              "printf 'get greeting\\r\\nquit\\r\\n' | busybox nc -w 5 "
                  + Cluster.address(node)
                  + " 11211");
      assertEquals(List.of("VALUE greeting 0 5", "hello", "END"), said.lines().toList(), node);
    }
    cluster.meshctl(List.of("service", "rm", "cache", "app"));
  }

  /** Said to the service by its name, in memcached's text protocol. */
  private List<String> memcached(Task from, String words) {
    String script = "printf '" + words + "quit\\r\\n' | busybox nc -w 5 cache 11211";
    return services.sh(from, script).lines().toList();
  }

  private String ports(String service) {
    return cluster
        .meshctl(
            List.of("service", "inspect", "--format", "{{json .Endpoint.Spec.Ports}}", service))
        .strip();
  }

  private void awaitPage(String node, int port) {
    await()
        .alias(node + ":" + port)
        .atMost(Duration.ofSeconds(10))
        .until(() -> cluster.page(node, port).startsWith("nginx "));
  }
}
