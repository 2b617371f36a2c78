package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What operators do with a cluster, as docs/OPERATING.md says it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OperatingTest {
  private final Cluster cluster = Cluster.up(OperatingTest.class);
  private static final List<String> NODES = List.of("n1", "n2", "n3");
  private final Services services = new Services(cluster);

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  void theManagerSaysWhoChangedWhatAlsoFromAWorker() throws IOException {
    List<String> joins =
        audit().stream().filter(line -> line.contains(" verb=join kind=node ")).toList();
    assertEquals(2, joins.size(), joins.toString());
    assertTrue(joins.stream().anyMatch(line -> line.endsWith(" address=10.99.0.3")));

    cluster
        .meshctl("n1", "network", "create", "--driver", "overlay", "--attachable", "asked")
        .orFail();
    String worker = cluster.meshctl(List.of("node", "inspect", "--format", "{{.ID}}", "n2"));
    cluster.sh("n2", "ip netns add asking");
    String endpoint =
        cluster
            .meshctl(
                "n2", "endpoint", "attach", "--network", "asked", "--netns", "/run/netns/asking")
            .orFail();
    String attached = line(" verb=attach kind=endpoint ");
    assertTrue(attached.contains(" audit: accepted version="), attached);
    assertTrue(
        attached.endsWith(" uid=0 node=%s role=worker address=10.99.0.2".formatted(worker)),
        attached);
    assertTrue(
        cluster.meshctl("n3", "endpoint", "detach", endpoint).err().contains("is on another node"));
    cluster.meshctl("n2", "endpoint", "detach", endpoint).orFail();
    assertFalse(cluster.meshctl("n1", "service", "rm", "nobody").ok());
    String refused = line(" name=nobody ");
    assertTrue(refused.contains(" audit: refused version="), refused);
    assertTrue(
        refused.contains(
            " verb=remove kind=service name=nobody reason=\"service nobody not found\""),
        refused);
    cluster.meshctl("n1", "network", "rm", "asked").orFail();
    String removed = line(" verb=remove kind=network name=asked ");
    assertTrue(removed.contains(" uid=0 user=root node="), removed);
  }

  @Test
  void aManagerComesBackFromABackupOnAnEmptyDisk() throws IOException {
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "kept"));
    services.create(
        "web",
        List.of(
            "--network",
            "kept",
            "--replicas",
            "2",
            "-p",
            "8080:80",
            "--constraint",
            "node.role==worker"),
        Cluster.pageServer(),
        "80");
    services.converged("web");
    List<String> before = addresses();

    Path file = cluster.state().resolve("backup");
    assertTrue(
        cluster
            .meshctl("n2", "swarm", "backup", file.toString())
            .err()
            .startsWith("Error response from daemon: This node is not a swarm manager. "));
    cluster.meshctl(List.of("swarm", "backup", file.toString()));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    String swarm = cluster.meshctl(List.of("info", "--format", "{{.Swarm.Cluster.ID}}"));
    assertEquals(
        "Error response from daemon: This node is already part of a swarm. Use \"docker swarm leave\""
            + " to leave this swarm and join another one.",
        restore(file).err());
    // Changes that the backup does not know, so that nodes have newer versions than it has.
    for (int i = 0; i < 5; i++) {
      cluster.meshctl(List.of("network", "create", "--driver", "overlay", "lost" + i));
    }

    cluster.cutPower("n1");
    wipe(cluster.state().resolve("n1/data"));
    cluster.start("n1");
    byte[] whole = Files.readAllBytes(file);
    Path bad = cluster.state().resolve("bad");
    Files.write(bad, Arrays.copyOf(whole, whole.length - 9));
    assertTrue(
        restore(bad).err().startsWith("Error response from daemon: the backup is cut short"));
    whole[whole.length / 2] ^= 1;
    Files.write(bad, whole);
    assertEquals(
        "Error response from daemon: the backup is damaged: its checksum does not match",
        restore(bad).err());
    assertEquals(
        "inactive", cluster.meshctl(List.of("info", "--format", "{{.Swarm.LocalNodeState}}")));
    assertFalse(Files.exists(cluster.state().resolve("n1/data/raft")), "nothing was begun");
    assertFalse(cluster.page("n2", 8080).isEmpty(), "workers go on meanwhile");

    assertTrue(restore(file).orFail().startsWith("Swarm restored: current node ("));
    assertEquals(swarm, cluster.meshctl(List.of("info", "--format", "{{.Swarm.Cluster.ID}}")));
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () ->
                assertEquals(
                    "n1 Ready\nn2 Ready\nn3 Ready",
                    cluster.meshctl(
                        List.of("node", "ls", "--format", "{{.Hostname}} {{.Status}}"))));
    services.converged("web");
    assertEquals(before, addresses());
    for (String node : List.of("n1", "n2", "n3")) {
      await().atMost(Duration.ofSeconds(15)).until(() -> !cluster.page(node, 8080).isEmpty());
      await().atMost(Duration.ofSeconds(15)).until(() -> overlays(node).equals("kept"));
    }
    // Nodes still join with the token they would have joined with, and changes go on.
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "after"));
    assertTrue(line(" verb=restore ").contains(" audit: accepted version="));
    assertEquals(
        2,
        audit().stream()
            .filter(l -> l.contains("verb=restore kind=swarm reason=\"the backup"))
            .count());
  }

  @Test
  void aShorterLifeOfCertificatesIsTakenOverByEveryNodeWithoutARestart() {
    for (String node : NODES) {
      assertTrue(shownIsValid(node, Duration.ofDays(80)));
    }
    String daemons = daemons();
    cluster.meshctl(List.of("swarm", "update", "--cert-expiry", "1h"));
    for (String node : NODES) {
      await()
          .alias(node)
          .atMost(Duration.ofSeconds(20))
          .until(() -> !shownIsValid(node, Duration.ofMinutes(61)));
      assertTrue(shownIsValid(node, Duration.ofMinutes(58)));
    }
    assertEquals(daemons, daemons());
    cluster.meshctl("n2", "endpoint", "ls").orFail();
    cluster.kill("n3");
    cluster.start("n3");
    cluster.meshctl("n3", "endpoint", "ls").orFail();
    assertFalse(shownIsValid("n3", Duration.ofMinutes(61)));
    assertTrue(shownIsValid("n3", Duration.ofMinutes(50)));
    cluster.meshctl(List.of("swarm", "update", "--cert-expiry", "2160h"));
  }

  /** Of this class's networks, those that a node knows. */
  private String overlays(String node) {
    return cluster
        .meshctl(node, "network", "ls", "--filter", "driver=overlay", "--format", "{{.Name}}")
        .orFail()
        .lines()
        .filter(name -> name.matches("kept|lost.*"))
        .collect(Collectors.joining(" "));
  }

  private String daemons() {
    return NODES.stream()
        .map(node -> cluster.sh(node, "pgrep -f [i]o.meshd.daemon.Meshd"))
        .collect(Collectors.joining(" "));
  }

  /** Whether the certificate that a node shows on :2377 is still valid so long from now. */
  private boolean shownIsValid(String node, Duration later) {
    return cluster
        .run(
            "client",
            "sh",
            "-c",
            "timeout 5 openssl s_client -connect %s:2377 </dev/null 2>/dev/null | openssl x509 -noout -checkend %d"
                .formatted(Cluster.address(node), later.toSeconds()))
        .ok();
  }

  private CommandResult restore(Path file) {
    return cluster.meshctl("n1", "swarm", "restore", file.toString());
  }

  /** The virtual IP, and each task with its address. */
  private List<String> addresses() {
    List<String> all = new ArrayList<>();
    all.add(
        cluster.meshctl(List.of("service", "inspect", "--format", "{{json .Endpoint}}", "web")));
    for (Task task : services.running("web")) {
      all.add(task.id() + " " + task.node() + " " + services.address(task, "eth0"));
    }
    all.sort(null);
    return all;
  }

  private static void wipe(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        if (!path.equals(folder)) {
          Files.delete(path);
        }
      }
    }
  }

  private String line(String part) throws IOException {
    return audit().stream().filter(line -> line.contains(part)).toList().getLast();
  }

  private List<String> audit() throws IOException {
    return Files.readAllLines(cluster.state().resolve("n1/meshd.log")).stream()
        .filter(line -> line.contains(" audit: "))
        .toList();
  }
}
