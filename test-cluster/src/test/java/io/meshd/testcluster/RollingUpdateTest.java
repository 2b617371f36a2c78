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
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Nothing fails while tasks are replaced, moved or taken away. With {@code -Dmeshd.long=true} ten
 * updates under at least 100,000 requests and a hundred restarts of daemons, otherwise two under
 * 5,000 and three.
 */
@SharesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RollingUpdateTest {
  private static final boolean LONG = Boolean.getBoolean("meshd.long");
  private static final int UPDATES = LONG ? 10 : 2;
  private static final long REQUESTS = LONG ? 100_000 : 5_000;
  private static final int REPLACED = LONG ? 100 : 3;
  private static final int PORT = 8080;
  private static final List<String> NODES = List.of("n1", "n2", "n3");

  @TempDir Path folder;

  private final Cluster cluster = Cluster.shared(RollingUpdateTest.class);
  private final Services services = new Services(cluster);

  @BeforeAll
  void service() {
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "net"));
    services.create(
        "web", List.of("--network", "net", "--replicas", "3", "-p", PORT + ":80"), Cluster.nginx());
    // Not on n2, which is drained.
    services.create(
        "client",
        List.of("--network", "net", "--constraint", "node.hostname==n1"),
        "sleep",
        "1000000");
  }

  @BeforeEach
  void wholeAgain() {
    services.running("web", 3);
    for (String node : NODES) {
      await().atMost(Duration.ofSeconds(30)).until(() -> !cluster.page(node, PORT).isEmpty());
    }
  }

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  void noRequestFailsDuringUpdates() throws Exception {
    List<String> said =
        underLoad(
            REQUESTS,
            () -> {
              for (int i = 1; i <= UPDATES; i++) {
                services.update("web", "--env-add", "ROUND=" + i, "--update-order", order(i));
              }
            });
    assertNoneFailed(said);
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
    List<String> said =
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
              services.scale("web", 5);
              services.scale("web", 3);
            });
    assertNoneFailed(said);
  }

  /** Each node's daemon ends and begins again, as an upgrade has it; clients ask all of them. */
  @Test
  @Timeout(value = 20, unit = TimeUnit.MINUTES)
  void noRequestFailsWhileDaemonsAreReplaced() throws Exception {
    List<String> said =
        underLoadFromOutside(
            REQUESTS,
            () -> {
              for (int i = 0; i < REPLACED; i++) {
                String node = NODES.get(i % NODES.size());
                cluster.script("stop", "--replaced", node).orFail();
                cluster.start(node);
                await()
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> !cluster.page(node, PORT).isEmpty());
              }
            });
    assertNoneFailed(said);
  }

  /**
   * One connection through the mesh, and one straight to the task for the part in which its node's
   * daemon is away: for that time the mesh may take the node for down, and resets what leads there.
   */
  @Test
  void openConnectionsOutliveTheirTasksReplacementAndARestartOfItsDaemon() throws Exception {
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
            "90s"),
        Cluster.nginx());
    Task old = services.only("slow");
    String address = services.address(old, "eth0");
    Task other =
        services.running("web").stream()
            .filter(task -> !task.node().equals("n2"))
            .findFirst()
            .orElseThrow();
    Asking mesh = ask("mesh", "client", List.of(), Cluster.address("n1"), 8081);
    Asking straight =
        ask("straight", other.node(), List.of("meshctl", "exec", other.id()), address, 80);
    await()
        .atMost(Duration.ofSeconds(10))
        .until(
            () -> services.sh(old, "ss -Htn state established 'sport = :80'").lines().count() == 2);

    cluster.meshctl(
        List.of(
            "service",
            "update",
            "-d",
            "--env-add",
            "A=1",
            "--update-order",
            "start-first",
            "slow"));
    await()
        .atMost(Duration.ofSeconds(40))
        .until(
            () ->
                cluster
                    .meshctl(List.of("service", "ps", "--no-trunc", "slow"))
                    .lines()
                    .anyMatch(l -> l.contains(old.id()) && l.matches(".* Shutdown +Running .*")));
    assertTrue(mesh.answer().contains("200 OK"), "through the mesh");
    cluster.kill("n2");
    cluster.start("n2");
    assertTrue(straight.answer().contains(" at " + address), "from the old task");
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> services.all("slow").stream().noneMatch(task -> runs(task, old)));
    cluster.meshctl(List.of("service", "rm", "slow"));
  }

  private static boolean runs(Task task, Task old) {
    return task.id().equals(old.id()) && task.state().equals("Running");
  }

  /** An HTTP client that has its connection, and asks when it is told to. */
  private record Asking(Process process, Path fifo, Path output) {
    String answer() throws IOException, InterruptedException {
      Files.writeString(fifo, "go\n");
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), "an answer");
      return Files.readString(output);
    }
  }

  private Asking ask(String name, String node, List<String> inside, String host, int port)
      throws IOException, InterruptedException {
    Path fifo = folder.resolve(name);
    assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).inheritIO().start().waitFor());
    Path output = folder.resolve(name + ".answer");
    List<String> line = new ArrayList<>(inside);
    String request = "{ read -r go <" + fifo + "; printf 'GET / HTTP/1.0\\r\\n\\r\\n'; }";
    line.addAll(List.of("sh", "-c", request + " | busybox nc -w 90 " + host + " " + port));
    Process process = cluster.background(output, node, line.toArray(String[]::new));
    return new Asking(process, fifo, output);
  }

  private static String order(int round) {
    return round % 2 == 0 ? "start-first" : "stop-first";
  }

  @FunctionalInterface
  private interface Action {
    void run();
  }

  private static void assertNoneFailed(List<String> said) {
    said.forEach(load -> assertTrue(load.endsWith(" requests, 0 failed"), load));
  }

  /**
   * What two load generators say: one outside that asks all nodes, and one in a task that asks the
   * service by its name, which is its virtual IP.
   */
  private List<String> underLoad(long least, Action action)
      throws IOException, InterruptedException {
    Path until = until();
    Task client = services.only("client");
    Path[] outputs = {
      Files.createTempFile(folder, "load", ".txt"), Files.createTempFile(folder, "load", ".txt")
    };
    Process[] loads = {
      cluster.background(outputs[0], "client", requests(4, least, until, ports())),
      cluster.background(
          outputs[1],
          client.node(),
          Stream.concat(
                  Stream.of("meshctl", "exec", client.id()),
                  Stream.of(requests(2, least / 2, until, List.of("web:80"))))
              .toArray(String[]::new))
    };
    return during(action, until, loads, outputs);
  }

  /** The first of them alone: what runs in a task by {@code exec} ends with its node's daemon. */
  private List<String> underLoadFromOutside(long least, Action action)
      throws IOException, InterruptedException {
    Path until = until();
    Path output = Files.createTempFile(folder, "load", ".txt");
    Process load = cluster.background(output, "client", requests(4, least, until, ports()));
    return during(action, until, new Process[] {load}, new Path[] {output});
  }

  private Path until() throws IOException {
    return Files.createTempDirectory(folder, "until").resolve("done");
  }

  private static List<String> ports() {
    return NODES.stream().map(node -> Cluster.address(node) + ":" + PORT).toList();
  }

  private static List<String> during(Action action, Path until, Process[] loads, Path[] outputs)
      throws IOException, InterruptedException {
    try {
      action.run();
    } finally {
      Files.createFile(until);
    }
    List<String> said = new ArrayList<>();
    for (int i = 0; i < loads.length; i++) {
      assertTrue(loads[i].waitFor(120, TimeUnit.SECONDS), "the load ends");
      said.add(Files.readString(outputs[i]).strip());
    }
    System.out.println(said);
    return said;
  }

  private static String[] requests(int workers, long least, Path until, List<String> servers) {
    List<String> args = new ArrayList<>(List.of("" + workers, "2", "" + least, until.toString()));
    args.addAll(servers);
    return Services.program(Requests.class, args.toArray(String[]::new));
  }
}
