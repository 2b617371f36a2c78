package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.testcluster.peer.Requests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * No manager is there: 20 s, with {@code -Dmeshd.long=true} ten minutes. What the workers carry
 * goes on, and they run again what ends on them.
 */
@SharesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ManagersDownTest {
  private static final Duration AWAY =
      Boolean.getBoolean("meshd.long") ? Duration.ofMinutes(10) : Duration.ofSeconds(20);
  private static final List<String> WORKERS = List.of("n2", "n3");
  private static final int PORT = 8080;
  private static final String ENDS = "sleep 987654";

  @TempDir Path folder;

  private final Cluster cluster = Cluster.shared(ManagersDownTest.class);
  private final Services services = new Services(cluster);

  @BeforeAll
  void services() {
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "net"));
    services.start("web", onWorkers("--replicas", "2", "-p", PORT + ":80"), Cluster.nginx());
    services.start("client", onWorkers(), "sleep", "1000000");
    services.start("ends", onWorkers(), ENDS.split(" "));
    services.start("once", onWorkers("--restart-condition", "none"), "sleep", "876543");
    services.converged("web", "client", "ends", "once");
    for (String node : WORKERS) {
      await().atMost(Duration.ofSeconds(20)).until(() -> !cluster.page(node, PORT).isEmpty());
    }
  }

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  @Timeout(value = 20, unit = TimeUnit.MINUTES)
  void everythingServesAndWhatEndsRunsAgain() throws Exception {
    Task ends = services.only("ends");
    Task once = services.only("once");
    Task client = services.only("client");
    String address = services.address(ends, "eth0");
    Path until = folder.resolve("done");
    List<Load> loads = loads(client, until);
    long began;
    try {
      cluster.kill("n1");
      began = System.nanoTime();
      int old = pids(ENDS).getFirst();
      end(ends.node(), ENDS);
      end(once.node(), "sleep 876543");
      await()
          .atMost(Duration.ofSeconds(15))
          .until(() -> pids(ENDS).size() == 1 && pids(ENDS).getFirst() != old);
      // The same task: at its address for tasks on the other node.
      await()
          .atMost(Duration.ofSeconds(5))
          .until(() -> services.exec(client, "ping", "-c1", "-W1", address).ok());
      awaitEnd(began);
      assertEquals(1, pids(ENDS).size());
    } finally {
      Files.createFile(until);
    }
    for (Load load : loads) {
      load.assertNoneFailed();
    }
    int running = pids(ENDS).getFirst();
    cluster.start("n1");
    Set<Integer> seen = new TreeSet<>();
    await()
        .atMost(Duration.ofSeconds(30))
        .until(
            () -> {
              seen.addAll(pids(ENDS));
              return services.running("once").isEmpty() && services.running("ends").size() == 1;
            });
    // The manager finds the task running, and no second one was ever begun.
    assertEquals(Set.of(running), seen);
    assertEquals(List.of(ends), services.all("ends"));
    assertEquals(List.of(once.id()), services.all("once").stream().map(Task::id).toList());
    assertFalse(cluster.page("n2", PORT).isEmpty());
  }

  private static List<String> onWorkers(String... options) {
    List<String> all =
        new ArrayList<>(List.of("--network", "net", "--constraint", "node.hostname!=n1"));
    all.addAll(List.of(options));
    return all;
  }

  /** Goes on until it is told to end, and says in its last line how much of it failed. */
  private record Load(String name, Process process, Path output) {
    void assertNoneFailed() throws IOException, InterruptedException {
      assertTrue(process.waitFor(60, TimeUnit.SECONDS), name + " ends");
      String said = Files.readString(output).strip();
      System.out.println(name + ": " + said);
      assertTrue(said.matches("[1-9]\\d* \\S+, 0 failed"), name + ": " + said);
    }
  }

  private List<Load> loads(Task client, Path until) throws IOException {
    String[] inTask = {"meshctl", "exec", client.id()};
    List<String> ports = WORKERS.stream().map(node -> Cluster.address(node) + ":" + PORT).toList();
    String vip =
        cluster
            .meshctl(
                List.of(
                    "service",
                    "inspect",
                    "--format",
                    "{{(index .Endpoint.VirtualIPs 1).Addr}}",
                    "web"))
            .replaceFirst("/.*", "");
    String ask =
        "while [ ! -e "
            + until
            + " ]; do n=$((n+1)); [ \"$(dig +short +time=2 +tries=1 web)\" = "
            + vip
            + " ] || bad=$((bad+1)); done; echo $n names, ${bad:-0} failed";
    return List.of(
        load("published ports", "client", requests(until, ports)),
        load("virtual IP", client.node(), concat(inTask, requests(until, List.of("web:80")))),
        load("names", client.node(), concat(inTask, new String[] {"sh", "-c", ask})));
  }

  private Load load(String name, String node, String... command) throws IOException {
    Path output = folder.resolve(name + ".txt");
    return new Load(name, cluster.background(output, node, command), output);
  }

  private static String[] requests(Path until, List<String> servers) {
    List<String> args = new ArrayList<>(List.of("2", "10", "1", until.toString()));
    args.addAll(servers);
    return Services.program(Requests.class, args.toArray(String[]::new));
  }

  private static String[] concat(String[] first, String[] then) {
    return Stream.concat(Arrays.stream(first), Arrays.stream(then)).toArray(String[]::new);
  }

  /** As the host sees them: nodes have PID namespaces of their own, and only one pid here. */
  private static List<Integer> pids(String command) {
    return ProcessHandle.allProcesses()
        .filter(process -> command.equals(line(process)))
        .map(process -> (int) process.pid())
        .toList();
  }

  private static String line(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"))
          .replace('\0', ' ')
          .strip();
    } catch (IOException e) {
      return ""; // it has just ended
    }
  }

  private void end(String node, String command) {
    cluster.sh(node, "kill -9 $(pgrep -fx '" + command + "')");
  }

  private static void awaitEnd(long began) throws InterruptedException {
    long left = AWAY.toNanos() - (System.nanoTime() - began);
    if (left > 0) {
      Thread.sleep(Duration.ofNanos(left)); // how long it lasts is what is tested
    }
  }
}
