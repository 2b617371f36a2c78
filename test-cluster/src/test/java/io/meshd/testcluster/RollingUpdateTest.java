package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.testcluster.peer.Requests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * Nothing fails while tasks are replaced, moved or taken away. With {@code -Dmeshd.long=true} ten
 * updates under at least 100,000 requests, otherwise two under 5,000.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RollingUpdateTest {
  private static final boolean LONG = Boolean.getBoolean("meshd.long");
  private static final int UPDATES = LONG ? 10 : 2;
  private static final long REQUESTS = LONG ? 100_000 : 5_000;
  private static final int PORT = 8080;
  private static final List<String> NODES = List.of("n1", "n2", "n3");

  @TempDir Path folder;

  private final Cluster cluster = Cluster.up(RollingUpdateTest.class);
  private final Services services = new Services(cluster);

  @BeforeAll
  void service() {
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "net"));
    services.create(
        "web",
        List.of("--network", "net", "--replicas", "3", "-p", PORT + ":80"),
        Cluster.folder().resolve("lib/nginx-server").toString(),
        "80");
  }

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  void noRequestFailsDuringUpdates() throws Exception {
    String said =
        underLoad(
            REQUESTS,
            () -> {
              for (int i = 1; i <= UPDATES; i++) {
                update("--env-add", "ROUND=" + i, "--update-order", order(i), "web");
              }
            });
    assertTrue(said.endsWith(" requests, 0 failed"), said);
    List<String> history =
        cluster.meshctl(List.of("service", "ps", "web")).lines().skip(1).toList();
    for (int slot = 1; slot <= 3; slot++) {
      String name = "web." + slot + " ";
      List<String> own = history.stream().filter(line -> line.contains(name)).toList();
      assertTrue(own.getFirst().matches("\\S+ +web\\..* Running +Running .*"), own.getFirst());
      // The other test moves tasks too; five are kept of each slot.
      assertTrue(own.size() > Math.min(4, UPDATES) && own.size() <= 5, own.toString());
    }
    history.stream()
        .filter(line -> line.contains("\\_ web."))
        .forEach(line -> assertTrue(line.matches(".* Shutdown +Shutdown .*"), line));
  }

  @Test
  void noRequestFailsWhileTasksMoveAndGo() throws Exception {
    String said =
        underLoad(
            REQUESTS / 5,
            () -> {
              cluster.meshctl(List.of("node", "update", "--availability", "drain", "n2"));
              await()
                  .atMost(Duration.ofSeconds(60))
                  .until(
                      () ->
                          services.running("web").stream().noneMatch(t -> t.node().equals("n2"))
                              && services.running("web").size() == 3);
              cluster.meshctl(List.of("node", "update", "--availability", "active", "n2"));
              cluster.meshctl(List.of("service", "scale", "web=5"));
              cluster.meshctl(List.of("service", "scale", "web=3"));
              services.running("web", 3);
            });
    assertTrue(said.endsWith(" requests, 0 failed"), said);
  }

  @Test
  void anOpenConnectionOutlivesItsTasksReplacementAndARestartOfTheDaemon() throws Exception {
    services.create(
        "slow",
        List.of(
            "--network",
            "net",
            "-p",
            "8081:80",
            "--constraint",
            "node.hostname==n2",
            "--stop-grace-period",
            "60s"),
        Cluster.folder().resolve("lib/nginx-server").toString(),
        "80");
    Task old = services.only("slow");
    String address = services.address(old, "eth0");
    Path answer = folder.resolve("answer");
    Process asking =
        cluster.background(
            answer,
            "client",
            "sh",
            "-c",
            "{ read -r go <"
                + fifo()
                + "; printf 'GET / HTTP/1.0\\r\\n\\r\\n'; } | busybox nc -w 60 "
                + Cluster.address("n1")
                + " 8081");
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> !services.sh(old, "ss -Htn state established 'sport = :80'").isEmpty());

    update("-d", "--env-add", "A=1", "--update-order", "start-first", "slow");
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> services.running("slow").stream().anyMatch(t -> !t.id().equals(old.id())));
    await()
        .atMost(Duration.ofSeconds(10))
        .until(
            () ->
                cluster
                    .meshctl(List.of("service", "ps", "--no-trunc", "slow"))
                    .lines()
                    .anyMatch(l -> l.contains(old.id()) && l.contains(" Shutdown ")));
    cluster.kill("n2");
    cluster.start("n2");
    Files.writeString(folder.resolve("fifo"), "go\n");

    assertTrue(asking.waitFor(60, TimeUnit.SECONDS), "an answer");
    String said = Files.readString(answer);
    assertTrue(said.contains("200 OK"), said);
    assertTrue(said.contains(" at " + address), said);
    await().atMost(Duration.ofSeconds(20)).until(() -> services.running("slow").size() == 1);
    cluster.meshctl(List.of("service", "rm", "slow"));
  }

  private String fifo() throws IOException, InterruptedException {
    Path fifo = folder.resolve("fifo");
    int code = new ProcessBuilder("mkfifo", fifo.toString()).inheritIO().start().waitFor();
    assertEquals(0, code);
    return fifo.toString();
  }

  private static String order(int round) {
    return round % 2 == 0 ? "start-first" : "stop-first";
  }

  private void update(String... options) {
    List<String> line = new ArrayList<>(List.of("service", "update", "-q"));
    line.addAll(List.of(options));
    cluster.meshctl(line);
  }

  @FunctionalInterface
  private interface Action {
    void run();
  }

  /** The first line of what the load generator says, which asked all nodes meanwhile. */
  private String underLoad(long least, Action action) throws IOException, InterruptedException {
    Path output = Files.createTempFile(folder, "load", ".txt");
    Path until = Files.createTempDirectory(folder, "until").resolve("done");
    List<String> args = new ArrayList<>(List.of("4", "2", "" + least, until.toString()));
    NODES.forEach(node -> args.add(Cluster.address(node) + ":" + PORT));
    Process load =
        cluster.background(
            output, "client", Services.program(Requests.class, args.toArray(String[]::new)));
    try {
      action.run();
    } finally {
      Files.createFile(until);
    }
    assertTrue(load.waitFor(120, TimeUnit.SECONDS), "the load ends");
    String said = Files.readString(output).strip();
    System.out.println(said);
    return said;
  }
}
