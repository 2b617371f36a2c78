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
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three managers become five and three again, all are restarted one after the other, and two are
 * lost for good. Clients write all the time, and what they were told stays so; others ask a service
 * through published ports and through its virtual IP, and none of them notices anything. With
 * {@code -Dmeshd.long=true} managers come, go and are restarted ten times; otherwise once, and only
 * the first one, which leads, is restarted.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ManagersComeAndGoTest {
  private static final boolean LONG = Boolean.getBoolean("meshd.long");
  private static final int ROUNDS = LONG ? 10 : 1;
  private static final List<String> MANAGERS = List.of("n1", "n2", "n3");
  private static final List<String> RESTARTED = LONG ? MANAGERS : List.of("n1");

  /** They come and go as managers; the service is there, and asked there. */
  private static final List<String> OTHERS = List.of("n4", "n5");

  private static final int PORT = 8080;
  private static final Duration PATIENCE = Duration.ofSeconds(40);

  /** Longest time in which no change of any client was acknowledged. */
  private static final Duration PAUSE = Duration.ofSeconds(5);

  @TempDir Path folder;

  private final Cluster cluster =
      Cluster.up(ManagersComeAndGoTest.class, "--nodes", "5", "--managers", "3");
  private final Services services = new Services(cluster);

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  @Timeout(value = 40, unit = TimeUnit.MINUTES)
  void clientsNoticeNothingAndWhatWasAcknowledgedStays() throws Exception {
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", Writers.NETWORK));
    List<String> there = new ArrayList<>(List.of("--network", Writers.NETWORK));
    for (String node : MANAGERS) {
      there.addAll(List.of("--constraint", "node.hostname!=" + node));
    }
    List<String> web = new ArrayList<>(there);
    web.addAll(List.of("--replicas", "2", "-p", PORT + ":80"));
    services.create("web", web, Cluster.nginx());
    services.create("client", there, "sleep", "1000000");
    for (String node : OTHERS) {
      await().atMost(PATIENCE).until(() -> !cluster.page(node, PORT).isEmpty());
    }
    Path until = folder.resolve("done");
    List<Load> loads = loads(until);
    Writers writers = new Writers(cluster.state());
    try {
      changes(writers);
      twoAreLost(writers);
    } finally {
      Files.createFile(until);
    }
    for (Load load : loads) {
      assertTrue(load.process.waitFor(60, TimeUnit.SECONDS), "the load ends");
      String said = Files.readString(load.output).strip();
      System.out.println(said);
      assertTrue(said.endsWith(" requests, 0 failed"), said);
    }
  }

  private record Load(Process process, Path output) {}

  /** One outside, which asks ports, and one in a task, which asks the virtual IP. */
  private List<Load> loads(Path until) throws IOException {
    Task client = services.only("client");
    String[] ports =
        OTHERS.stream().map(node -> Cluster.address(node) + ":" + PORT).toArray(String[]::new);
    Path outside = folder.resolve("outside");
    Path inside = folder.resolve("inside");
    return List.of(
        new Load(cluster.background(outside, "client", requests(until, ports)), outside),
        new Load(
            cluster.background(
                inside,
                client.node(),
                Stream.concat(
                        Stream.of("meshctl", "exec", client.id()),
                        Arrays.stream(requests(until, "web:80")))
                    .toArray(String[]::new)),
            inside));
  }

  private static String[] requests(Path until, String... servers) {
    return Services.program(
        Requests.class,
        Stream.concat(Stream.of("2", "10", "1000", until.toString()), Arrays.stream(servers))
            .toArray(String[]::new));
  }

  private void changes(Writers writers) {
    try (writers) {
      writers.start(MANAGERS, 2, 1);
      goesOn(writers, "in the beginning");
      for (int round = 0; round < ROUNDS; round++) {
        for (String node : OTHERS) {
          cluster.meshctl(List.of("node", "promote", node));
        }
        awaitManagers("n1", "n1", "n2", "n3", "n4", "n5");
        goesOn(writers, "with five managers");
        for (String node : OTHERS) {
          cluster.meshctl(List.of("node", "demote", node));
        }
        awaitManagers("n1", "n1", "n2", "n3");
        goesOn(writers, "with three again");
        for (String node : RESTARTED) {
          cluster.stop(node);
          goesOn(writers, "while " + node + " is away");
          cluster.start(node);
          awaitManagers(node, "n1", "n2", "n3");
        }
        goesOn(writers, "after the restarts");
      }
    }
    NodeApi.awaitSameState(cluster.state(), MANAGERS, PATIENCE);
    MANAGERS.forEach(writers::lookOnce);
    System.out.println(writers);
    assertEquals(List.of(), writers.violations());
  }

  private void twoAreLost(Writers writers) {
    cluster.kill("n2");
    cluster.kill("n3");
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                cluster
                    .meshctl("n1", "network", "create", "-d", "overlay", "late")
                    .err()
                    .contains("The swarm does not have a leader."));
    cluster.meshctl("n1", "swarm", "init", "--force-new-cluster").orFail();
    awaitManagers("n1", "n1");
    writers.lookOnce("n1");
    assertEquals(List.of(), writers.violations());
    for (String node : OTHERS) {
      cluster.meshctl(List.of("node", "promote", node));
    }
    for (String node : OTHERS) {
      awaitManagers(node, "n1", "n4", "n5");
    }
    cluster.meshctl("n5", "network", "create", "-d", "overlay", "after").orFail();
  }

  private static void goesOn(Writers writers, String when) {
    long before = writers.acknowledged();
    await()
        .alias("writes " + when)
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> writers.acknowledged() >= before + 20);
    Duration pause = writers.longestPause();
    System.out.printf("%s: longest pause %d ms%n", when, pause.toMillis());
    assertTrue(pause.compareTo(PAUSE) < 0, when + ": nothing was acknowledged for " + pause);
    assertEquals(List.of(), writers.violations(), when);
  }

  private void awaitManagers(String asked, String... wanted) {
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(200))
        .untilAsserted(
            () -> {
              Set<String> now = new TreeSet<>();
              cluster
                  .meshctl(asked, "node", "ls", "--format", "{{.Hostname}} {{.ManagerStatus}}")
                  .out()
                  .lines()
                  .filter(line -> line.matches("\\S+ (Leader|Reachable)"))
                  .forEach(line -> now.add(line.replaceFirst(" .*", "")));
              assertEquals(new TreeSet<>(Set.of(wanted)), now);
            });
  }
}
