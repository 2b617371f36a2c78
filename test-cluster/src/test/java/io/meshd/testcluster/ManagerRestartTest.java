package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.testcluster.peer.Ticks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * The only manager's meshd is killed with SIGKILL and started again, with traffic on the network.
 */
@SharesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ManagerRestartTest {
  private final Cluster cluster = Cluster.shared(ManagerRestartTest.class);
  private final Services services = new Services(cluster);

  @BeforeAll
  void traffic() {
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "net"));
    services.start(
        "web",
        List.of("--network", "net", "--replicas", "3", "-p", "8080:80"),
        Cluster.pageServer(),
        "80");
    // Two streams end on n3: one from n2, none of whose ends is on the manager, one from n1.
    for (int from = 1; from <= 2; from++) {
      services.create(
          "sink" + from,
          on("n3"),
          Services.program(Ticks.class, "receive", "9000", ticks(from).toString()));
      String address = services.address(services.only("sink" + from), "eth0");
      services.start(
          "source" + from, on("n" + from), Services.program(Ticks.class, "send", address, "9000"));
    }
    services.converged("source1", "source2", "web");
    for (int from = 1; from <= 2; from++) {
      awaitMoreTicks(from, 10);
    }
  }

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  void nothingIsLostAndNothingStops() throws IOException {
    List<String> agreed = agreed();
    List<Task> tasks = tasks();
    String view = ownView();

    cluster.kill("n1");

    // Between tasks on other nodes traffic goes on, and a published port answers there.
    awaitMoreTicks(2, 50);
    assertFalse(cluster.page("n2", 8080).isEmpty());
    assertFalse(cluster.page("n3", 8080).isEmpty());
    int stalled = lastTick(1);

    cluster.start("n1");

    // The killed node's own tasks are the same processes with the same interfaces, and the
    // connection they had goes on: no number is missing, and none came over a second connection.
    awaitMoreTicks(1, 50);
    assertTrue(lastTick(1) > stalled);
    for (int from = 1; from <= 2; from++) {
      List<String> lines = Files.readAllLines(ticks(from));
      assertEquals("open", lines.getFirst());
      for (int i = 1; i < lines.size(); i++) {
        assertEquals(Integer.toString(i), lines.get(i));
      }
    }
    assertEquals(view, ownView());

    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () -> {
              assertEquals(agreed, agreed());
              assertEquals(tasks, tasks());
            });
    for (String node : List.of("n1", "n2", "n3")) {
      await().atMost(Duration.ofSeconds(15)).until(() -> !cluster.page(node, 8080).isEmpty());
    }
    newThingsGetWhatNobodyHas();
  }

  private void newThingsGetWhatNobodyHas() {
    Set<String> subnets = new HashSet<>(subnets());
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "later"));
    List<String> all = subnets();
    assertEquals(all.size(), new HashSet<>(all).size(), "a subnet was handed out twice: " + all);
    assertTrue(all.size() > subnets.size());

    services.create("later", on("n2"), "sleep", "1000000");
    List<String> addresses = new ArrayList<>();
    for (String service : List.of("sink1", "sink2", "source1", "source2", "web", "later")) {
      addresses.add(
          cluster.meshctl(
              List.of(
                  "service",
                  "inspect",
                  "--format",
                  "{{range .Endpoint.VirtualIPs}}{{.Addr}} {{end}}",
                  service)));
      services.running(service).forEach(task -> addresses.add(services.address(task, "eth0")));
    }
    assertEquals(
        addresses.size(), new HashSet<>(addresses).size(), "handed out twice: " + addresses);
  }

  private List<String> subnets() {
    return cluster
        .meshctl(List.of("network", "ls", "-q", "--filter", "driver=overlay"))
        .lines()
        .map(id -> cluster.meshctl(List.of("network", "inspect", "--format", "{{json .IPAM}}", id)))
        .toList();
  }

  /** What the managers agreed on, as far as it does not move by itself. */
  private List<String> agreed() {
    List<String> all = new ArrayList<>();
    for (String network : List.of("ingress", "net")) {
      for (String field : List.of(".Id", ".IPAM", ".Options", ".Labels")) {
        all.add(
            cluster.meshctl(
                List.of("network", "inspect", "--format", "{{json " + field + "}}", network)));
      }
    }
    for (String service : List.of("sink1", "sink2", "source1", "source2", "web")) {
      for (String field : List.of(".ID", ".Spec", ".Endpoint", ".Version")) {
        all.add(
            cluster.meshctl(
                List.of("service", "inspect", "--format", "{{json " + field + "}}", service)));
      }
    }
    all.add(
        cluster.meshctl(List.of("node", "ls", "--format", "{{.ID}} {{.Hostname}} {{.Status}}")));
    return all;
  }

  private List<Task> tasks() {
    List<Task> all = new ArrayList<>();
    for (String service : List.of("sink1", "sink2", "source1", "source2", "web")) {
      all.addAll(services.running(service));
    }
    return all;
  }

  /**
   * Processes of the tasks on n1 with their start times, and their first interface as they see it.
   */
  private String ownView() {
    return cluster.sh(
        "n1",
        // The brackets keep this shell itself out of what is found.
        "for pid in $(pgrep -f '[p]eer.Ticks send|[b]usybox httpd'); do"
            + " echo $pid $(cut -d' ' -f22 /proc/$pid/stat);"
            + " nsenter -t $pid -n ip -o addr show dev eth0;"
            + " nsenter -t $pid -n ip -o link show dev eth0"
            + " | grep -o -e 'mtu [0-9]*' -e 'link/ether [0-9a-f:]*';"
            + " done");
  }

  private Path ticks(int from) {
    return cluster.state().resolve("ticks" + from);
  }

  private int lastTick(int from) {
    try {
      if (!Files.exists(ticks(from))) {
        return 0;
      }
      String last = Files.readAllLines(ticks(from)).getLast();
      return last.equals("open") ? 0 : Integer.parseInt(last);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void awaitMoreTicks(int from, int more) {
    int before = lastTick(from);
    await()
        .alias("stream from n" + from)
        .atMost(Duration.ofSeconds(30))
        .until(() -> lastTick(from) >= before + more);
  }

  private static List<String> on(String node) {
    return List.of("--network", "net", "--constraint", "node.hostname==" + node);
  }
}
