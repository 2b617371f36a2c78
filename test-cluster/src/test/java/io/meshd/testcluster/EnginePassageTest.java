package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * What is the Docker Engine's goes through meshd's socket as it is: streams, terminals, bodies
 * larger than memory would like, ends of one direction; and what both have is shown together.
 */
@SharesCluster(SharesCluster.Shape.DOCKER)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EnginePassageTest {
  private static final Duration PATIENCE = Duration.ofSeconds(40);

  private final Cluster cluster = Cluster.shared(EnginePassageTest.class);
  private final List<StockCli> all = StockCli.all(cluster);
  private final StockCli cli = all.getFirst();

  @AfterAll
  void down() {
    cluster.close();
  }

  private String shell(String script) {
    return cli.shell(script).orFail().strip();
  }

  @Test
  void everyVersionOfItRunsContainers() {
    for (StockCli each : all) {
      assertEquals("hello", each.docker("run", "--rm", "busybox", "echo", "hello").strip());
      assertTrue(each.docker("images").contains("busybox"), each.program());
      assertTrue(each.docker("version").contains("20.10"), each.docker("version"));
      assertEquals("1.41", each.docker("version", "--format", "{{.Client.APIVersion}}").strip());
    }
  }

  @Test
  void bytesAndTheirEndsGoBothWays() {
    shell("head -c 30000000 /dev/urandom > /run/big");
    String sum = shell("sha256sum < /run/big");
    assertEquals(sum, shell("docker run --rm -i busybox cat < /run/big | sha256sum"));
    cli.docker("run", "-d", "--name", "stays", "busybox", "sleep", "1000");
    assertEquals(sum, shell("docker exec -i stays sha256sum < /run/big"));
    cli.docker("cp", "/run/big", "stays:/big");
    assertEquals(sum, shell("docker exec -i stays cat /big | sha256sum"));
    assertEquals(sum, shell("docker cp stays:/big - | tar xO | sha256sum"));
    assertEquals(4, cli.on("n1", "exec", "stays", "sh", "-c", "exit 4").exitCode());
    String docker = cli.program() + " -H unix:///run/meshd/meshd.sock";
    String terminal =
        shell("script -qec \"" + docker + " exec -it stays tty\" /dev/null </dev/null");
    assertTrue(terminal.contains("/dev/pts/"), terminal);
    terminal =
        shell("script -qec \"" + docker + " run --rm -it busybox tty\" /dev/null </dev/null");
    assertTrue(terminal.contains("/dev/pts/"), terminal);
    cli.docker("rm", "-f", "stays");
  }

  @Test
  void aBuildTakesItsContextAndLogsAreFollowed() {
    String built =
        shell(
            """
            mkdir -p /run/b && head -c 9000000 /dev/urandom > /run/b/big
            printf 'FROM busybox\\nCOPY big /big\\n' > /run/b/Dockerfile
            DOCKER_BUILDKIT=0 docker build -t mine /run/b 2>&1
            docker run --rm mine sha256sum /big; sha256sum /run/b/big
            """);
    List<String> sums =
        built
            .lines()
            .filter(line -> line.matches("[0-9a-f]{64} .*"))
            .map(line -> line.split(" ", 2)[0])
            .toList();
    assertEquals(2, sums.size(), built);
    assertEquals(sums.getFirst(), sums.getLast());
    cli.docker(
        "run",
        "-d",
        "--name",
        "talks",
        "busybox",
        "sh",
        "-c",
        "i=0; while :; do echo $((i=i+1)); sleep 0.1; done");
    assertEquals("5", shell("docker logs -f talks | sed -n 5p\\;5q"));
    assertTrue(shell("timeout 5 docker attach --no-stdin talks | head -n1").matches("\\d+"));
    cli.docker("rm", "-f", "talks");
  }

  @Test
  void containersAndTasksAreListedTogether() {
    cli.docker("run", "-d", "--name", "theirs", "busybox", "sleep", "1000");
    cli.docker(
        "service",
        "create",
        "-d",
        "--name",
        "ours",
        "--constraint",
        "node.hostname==n1",
        "process",
        "sleep",
        "1000");
    await()
        .atMost(PATIENCE)
        .until(() -> cli.docker("ps", "--format", "{{.Names}} {{.Image}}").contains("ours.1."));
    List<String> ps = cli.docker("ps", "--format", "{{.Names}} {{.Image}}").lines().toList();
    assertEquals(2, ps.size(), ps.toString());
    assertTrue(ps.getFirst().matches("ours\\.1\\.[0-9a-z]{25} process"), ps.toString());
    assertEquals("theirs busybox", ps.getLast());
    assertEquals(
        "theirs busybox",
        cli.docker(
                "ps",
                "-n",
                "2",
                "--filter",
                "ancestor=busybox",
                "--format",
                "{{.Names}} {{.Image}}")
            .strip());
    assertEquals("2", cli.docker("info", "--format", "{{.ContainersRunning}}").strip());
    assertEquals(
        "busybox", cli.docker("inspect", "--format", "{{.Config.Image}}", "theirs").strip());
    String task = ps.getFirst().split(" ", 2)[0];
    assertEquals("process", cli.docker("inspect", "--format", "{{.Config.Image}}", task).strip());
    cli.docker("stop", "-t", "0", "theirs");
    cli.docker("rm", "theirs");
    cli.docker("service", "rm", "ours");
  }

  @Test
  void networksOfBothAreListedOnce() {
    cli.docker("network", "create", "theirs");
    cli.docker("network", "create", "-d", "overlay", "ours");
    List<String> networks =
        cli.docker("network", "ls", "--format", "{{.Name}} {{.Driver}} {{.Scope}}")
            .lines()
            .toList();
    assertEquals(
        List.of(
            "bridge bridge local",
            "docker_gwbridge bridge local",
            "host host local",
            "ingress overlay swarm",
            "none null local",
            "ours overlay swarm",
            "theirs bridge local"),
        networks.stream().sorted().toList());
    assertEquals(
        "theirs",
        cli.docker(
                "network",
                "ls",
                "--filter",
                "driver=bridge",
                "--filter",
                "type=custom",
                "--format",
                "{{.Name}}")
            .strip());
    assertTrue(
        cli.refused("network", "create", "ours").endsWith("network with name ours already exists"));
    assertTrue(
        cli.refused("network", "create", "-d", "overlay", "theirs")
            .endsWith("network with name theirs already exists"));
    assertTrue(
        cli.refused("run", "--rm", "--network", "ours", "busybox", "true")
            .contains(
                "Could not attach to network ours: rpc error: code = PermissionDenied desc = network"
                    + " ours not manually attachable"));
    cli.docker("network", "rm", "theirs", "ours");
    assertFalse(cli.docker("network", "ls", "-q", "--filter", "name=theirs").contains("theirs"));
  }

  /** Row S6, with a container beside a task. */
  @Test
  void aContainerComesOntoAnOverlayByItsNameOrId() {
    cli.docker("network", "create", "-d", "overlay", "--attachable", "both");
    String id = cli.docker("network", "inspect", "--format", "{{.Id}}", "both").strip();
    cli.docker(
        "service",
        "create",
        "-d",
        "--name",
        "pages",
        "--network",
        "both",
        "process",
        Cluster.pageServer());
    await()
        .atMost(PATIENCE)
        .until(() -> cli.docker("service", "ls", "--format", "{{.Replicas}}").contains("1/1"));
    for (String reference : List.of("both", id)) {
      String page =
          cli.docker(
              "run", "--rm", "--network", reference, "busybox", "wget", "-qO-", "http://pages/");
      assertTrue(page.startsWith("task "), page);
    }
    cli.docker("run", "-d", "--name", "moves", "busybox", "sleep", "1000");
    cli.docker("network", "connect", id, "moves");
    assertTrue(cli.docker("exec", "moves", "wget", "-qO-", "http://pages/").startsWith("task "));
    assertEquals(
        List.of("both overlay swarm"),
        cli.docker(
                "network",
                "ls",
                "--filter",
                "name=both",
                "--format",
                "{{.Name}} {{.Driver}} {{.Scope}}")
            .lines()
            .toList());
    cli.docker("network", "disconnect", "both", "moves");
    cli.docker("rm", "-f", "moves");
    cli.docker("service", "rm", "pages");
    await().atMost(PATIENCE).until(() -> cli.on("n1", "network", "rm", "both").ok());
    String engines = cluster.sh("n1", "docker -H unix:///run/docker.sock network ls");
    assertFalse(engines.contains("both"), engines);
  }

  @Test
  void eventsOfBothAreInOneStream() {
    String at = shell("date +%s.%N");
    cli.docker("network", "create", "-d", "overlay", "heard");
    cli.docker("run", "--rm", "busybox", "true");
    cli.docker("network", "rm", "heard");
    String events =
        cli.docker(
            "events",
            "--since",
            at,
            "--until",
            shell("date +%s.%N"),
            "--format",
            "{{.Type}} {{.Action}}");
    assertTrue(events.contains("network create\n") && events.contains("container die"), events);
    assertTrue(events.contains("network remove"), events);
  }

  @Test
  void anEngineThatComesAndGoesIsNoticed() {
    cluster.script("stop", "--docker", "n1").orFail();
    assertTrue(cli.refused("images").contains("this needs a Docker Engine"));
    assertTrue(cli.docker("network", "ls").contains("docker_gwbridge"));
    assertEquals("1.47", cli.docker("version", "--format", "{{.Client.APIVersion}}").strip());
    cluster.script("start", "--docker", "n1").orFail();
    assertTrue(cli.docker("images").contains("busybox"));
  }
}
