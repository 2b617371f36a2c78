package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Swarm's handbook typed with the stock docker command line against meshd's socket; the tasks are
 * processes, which docker's users ask for as the image {@code process}. docs/DOCKER-API.md lists
 * what differs.
 *
 * <p>Longer than most: one row for each noun of the command line, with what it prints.
 */
@SharesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StockCliTest {
  private static final Duration PATIENCE = Duration.ofSeconds(40);
  private static final String DAEMON = "Error response from daemon: ";
  private static final String RPC = DAEMON + "rpc error: code = ";

  private final Cluster cluster = Cluster.shared(StockCliTest.class);
  private final List<StockCli> all = StockCli.all(cluster);
  private final StockCli cli = all.getFirst();

  @BeforeAll
  void networks() {
    cli.docker("network", "create", "--driver=overlay", "--attachable", "mynet");
    cli.docker("network", "create", "-d", "overlay", "mytest-overlay");
  }

  @AfterAll
  void down() {
    cli.docker("swarm", "update", "--task-history-limit", "5");
    cluster.close();
  }

  private String create(String name, String... rest) {
    String[] line = {"service", "create", "-d", "--name", name};
    return cli.docker(Stream.of(line, rest).flatMap(Arrays::stream).toArray(String[]::new));
  }

  private void replicas(String service, String wanted) {
    await()
        .alias("replicas of " + service)
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(300))
        .until(
            () ->
                line("service", "ls", "--format", "{{.Name}} {{.Replicas}}")
                    .contains(service + " " + wanted));
  }

  private Set<String> line(String... args) {
    return cli.docker(args).lines().map(String::strip).collect(Collectors.toSet());
  }

  /** Of the first task that runs on the manager, by its service's name. */
  private String container(String service) {
    return cli.docker("ps", "-q", "--no-trunc", "--filter", "name=" + service + ".")
        .lines()
        .findFirst()
        .orElseThrow();
  }

  @Test
  void everyVersionOfItListsWhatThereIs() {
    for (StockCli each : all) {
      assertTrue(each.docker("version").contains("API version"), each.program());
      assertTrue(each.docker("info").contains("Swarm: active"), each.program());
      List<String> networks =
          each.docker("network", "ls", "--format", "{{.Name}} {{.Driver}} {{.Scope}}")
              .lines()
              .toList();
      assertTrue(
          networks.containsAll(
              List.of(
                  "bridge bridge local",
                  "docker_gwbridge bridge local",
                  "host host local",
                  "none null local",
                  "ingress overlay swarm",
                  "mynet overlay swarm")),
          networks.toString());
      assertEquals(
          List.of("n1 Ready Active Leader", "n2 Ready Active", "n3 Ready Active"),
          each.docker(
                  "node",
                  "ls",
                  "--format",
                  "{{.Hostname}} {{.Status}} {{.Availability}} {{.ManagerStatus}}")
              .lines()
              .map(String::strip)
              .toList());
      assertEquals("", each.docker("secret", "ls", "-q"));
      assertEquals("", each.docker("config", "ls", "-q"));
      assertTrue(each.docker("swarm", "join-token", "-q", "worker").startsWith("SWMTKN-1-"));
      assertEquals(
          DAEMON
              + "This node is not a swarm manager. Worker nodes can't be used to view or modify"
              + " cluster state. Please run this command on a manager node or promote the current"
              + " node to a manager.",
          each.on("n2", "service", "ls").err().strip());
    }
  }

  /** Rows S1, S3, S8, S9: progress as Docker prints it, every node's port, ports that change. */
  @Test
  void aServiceConvergesAndIsAnsweredOnEveryNode() {
    CommandResult created =
        cli.on(
            "n1",
            "service",
            "create",
            "--name",
            "mynginx",
            "--publish",
            "published=8080,target=80",
            "--replicas",
            "2",
            "process",
            Cluster.pageServer());
    List<String> said = created.orFail().lines().map(String::strip).toList();
    assertTrue(said.getFirst().matches("[0-9a-z]{25}"), created.out());
    assertTrue(said.contains("overall progress: 2 out of 2 tasks"), created.out());
    assertTrue(
        said.getLast().matches("verify: Service (" + said.getFirst() + " )?converged"),
        created.out());
    assertEquals("", created.err());
    for (String node : List.of("n1", "n2", "n3")) {
      assertTrue(cluster.page(node, 8080).startsWith("task "), node);
    }
    assertTrue(
        cli.docker("service", "ls")
            .lines()
            .anyMatch(
                line -> line.matches(".*mynginx +replicated +2/2 +process +\\*:8080->80/tcp.*")));
    String ports = "{{json .Endpoint.Spec.Ports}}";
    assertEquals(
        "[{\"Protocol\":\"tcp\",\"TargetPort\":80,\"PublishedPort\":8080,\"PublishMode\":\"ingress\"}]",
        cli.docker("service", "inspect", "--format=" + ports, "mynginx").strip());
    cli.docker("service", "update", "-d", "--publish-add", "published=8081,target=8081", "mynginx");
    cli.docker("service", "update", "-d", "--publish-rm", "80", "mynginx");
    assertEquals(
        "[{\"Protocol\":\"tcp\",\"TargetPort\":8081,\"PublishedPort\":8081,\"PublishMode\":\"ingress\"}]",
        cli.docker("service", "inspect", "--format=" + ports, "mynginx").strip());
    // The ports change and the tasks stay: what came back through Docker's client is what went.
    assertEquals(2, cli.docker("service", "ps", "-q", "mynginx").lines().count());
  }

  /** Rows S10, S11, S12. */
  @Test
  void portsOfBothProtocolsInHostModeAndAllocated() {
    create("dns", "-p", "5353:53", "-p", "5353:53/udp", "process", "sleep", "1000");
    assertTrue(cli.docker("service", "ls").contains("*:5353->53/tcp, *:5353->53/udp"));
    create(
        "static",
        "--replicas",
        "4",
        "--publish",
        "published=5354,target=53,protocol=udp,mode=host",
        "process",
        "sleep",
        "1000");
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                cli.docker(
                        "service",
                        "ps",
                        "--no-trunc",
                        "--format",
                        "{{.CurrentState}} {{.Error}}",
                        "static")
                    .matches(
                        "(?s).*Pending.*no suitable node \\(host-mode port already in use on 3 nodes\\).*"));
    create("high", "-p", "80", "process", "sleep", "1000");
    String port =
        cli.docker(
                "service",
                "inspect",
                "--format",
                "{{(index .Endpoint.Ports 0).PublishedPort}}",
                "high")
            .strip();
    assertTrue(Integer.parseInt(port) >= 30000 && Integer.parseInt(port) <= 32767, port);
    cli.docker("service", "rm", "dns", "static", "high");
  }

  /** Rows S5, S14, S15, S16, S17, S20, S22: into a task of the manager. */
  @Test
  void aTaskIsListedAndEntered() {
    create(
        "testnginx",
        "--network",
        "mytest-overlay",
        "-p",
        "8082:80",
        "--constraint",
        "node.hostname==n1",
        "--env",
        "A=b",
        "process",
        Cluster.pageServer());
    create("testalpine", "--constraint", "node.hostname==n1", "process", "sleep", "1000");
    replicas("testnginx", "1/1");
    replicas("testalpine", "1/1");
    String id = container("testnginx");
    assertTrue(
        cli.docker("ps", "--no-trunc", "--format", "{{.ID}} {{.Image}} {{.Names}}")
            .contains(id + " process testnginx.1." + id));
    assertEquals("b", cli.docker("exec", id, "printenv", "A").strip());
    String vip =
        cli.docker(
                "service",
                "inspect",
                "--format",
                "{{(index .Endpoint.VirtualIPs 1).Addr}}",
                "testnginx")
            .strip();
    assertTrue(
        cli.docker("exec", id, "nslookup", "testnginx")
            .contains("Address: " + vip.replace("/24", "")));
    cli.docker("exec", id, "ping", "-c1", "-W2", "testnginx");
    assertFalse(
        cli.on("n1", "exec", container("testalpine"), "ping", "-c1", "-W2", "testnginx").ok());
    assertTrue(cli.docker("exec", id, "ip", "addr", "show", "eth0").contains("mtu 1450"));
    assertTrue(
        cli.docker("exec", container("testalpine"), "ip", "addr", "show", "eth0")
            .contains("mtu 1500"));
    assertEquals(3, cli.on("n1", "exec", id, "sh", "-c", "exit 3").exitCode());
    assertEquals("in\n", shell("printf 'in\\n' | docker exec -i " + id + " cat") + "\n");
    // script(1) gives the client a terminal.
    String typed =
        shell(
            "script -qec \""
                + cli.program()
                + " -H unix:///run/meshd/meshd.sock exec -it "
                + id
                + " tty\" /dev/null </dev/null");
    assertTrue(typed.contains("/dev/pts/"), typed);
    assertEquals("/testnginx.1." + id, cli.docker("inspect", "--format", "{{.Name}}", id).strip());
    String attached =
        cli.docker(
            "network",
            "inspect",
            "--format",
            "{{range .Containers}}{{.Name}} {{end}}",
            "mytest-overlay");
    assertTrue(attached.contains("testnginx.1." + id), attached);
    assertEquals(
        DAEMON
            + "testnginx.1."
            + id
            + " is a process task of service testnginx: this is not possible with it, its service is"
            + " what can be scaled, updated and removed",
        cli.refused("stop", id));
    cli.docker("service", "rm", "testnginx", "testalpine");
  }

  private String shell(String script) {
    return cli.shell(script).orFail();
  }

  /** Rows S18, S19; logs. */
  @Test
  void aServiceIsScaledAndJoinsANetworkLater() {
    create("testalpine2", "process", "sh", "-c", "echo begun; exec sleep 1000");
    assertEquals(
        "testalpine2 scaled to 2", cli.docker("service", "scale", "-d", "testalpine2=2").strip());
    replicas("testalpine2", "2/2");
    await()
        .atMost(PATIENCE)
        .until(() -> cli.docker("service", "logs", "testalpine2").lines().count() == 2);
    cli.docker("service", "update", "-d", "--network-add", "mytest-overlay", "testalpine2");
    await().atMost(PATIENCE.multipliedBy(2)).untilAsserted(this::bothWereReplaced);
    cli.docker("service", "rm", "testalpine2");
  }

  private void bothWereReplaced() {
    String tasks = cli.docker("service", "ps", "testalpine2");
    String states = " +%1$s +%1$s .*";
    long running =
        tasks
            .lines()
            .filter(line -> line.matches("\\w+ +testalpine2.*" + states.formatted("Running")))
            .count();
    long before =
        tasks
            .lines()
            .filter(
                line -> line.matches("\\w+ +\\\\_ testalpine2.*" + states.formatted("Shutdown")))
            .count();
    assertTrue(running == 2 && before == 2, tasks);
  }

  /** Row S21, and other things that Docker refuses in the same words. */
  @Test
  void refusalsAreDockers() {
    create("taken", "-p", "8083:80", "process", "sleep", "1000");
    String id = cli.docker("service", "inspect", "--format", "{{.ID}}", "taken").strip();
    assertEquals(
        RPC
            + "InvalidArgument desc = EndpointSpec: port published with ingress mode can't be used with dnsrr mode",
        cli.refused(
            "service",
            "create",
            "-d",
            "--endpoint-mode",
            "dnsrr",
            "-p",
            "80:80",
            "process",
            "true"));
    assertEquals(
        RPC
            + "InvalidArgument desc = port '8083' is already in use by service 'taken' ("
            + id
            + ") as an ingress port",
        cli.refused("service", "create", "-d", "-p", "8083:80", "process", "true"));
    assertEquals(
        RPC
            + "AlreadyExists desc = name conflicts with an existing object: service taken already exists",
        cli.refused("service", "create", "-d", "--name", "taken", "process", "true"));
    assertEquals(
        DAEMON + "network with name mynet already exists",
        cli.refused("network", "create", "-d", "overlay", "mynet").replaceFirst("\n.*", ""));
    assertEquals(DAEMON + "service nosuch not found", cli.refused("service", "rm", "nosuch"));
    cli.docker("service", "rm", "taken");
  }

  /** Nothing is dropped in silence. */
  @Test
  void whatIsNotSupportedIsSaid() {
    assertEquals(
        DAEMON
            + "TaskTemplate.ContainerSpec.Mounts is for containers: a process task cannot have it",
        cli.refused(
            "service", "create", "-d", "--mount", "type=tmpfs,target=/x", "process", "true"));
    assertEquals(
        DAEMON + "TaskTemplate.Placement.Preferences is not supported by meshd: leave it out",
        cli.refused(
            "service",
            "create",
            "-d",
            "--placement-pref",
            "spread=node.labels.x",
            "process",
            "true"));
    assertEquals(
        DAEMON + "Mode.ReplicatedJob is not supported by meshd: leave it out",
        cli.refused("service", "create", "-d", "--mode", "replicated-job", "process", "true"));
    // What can be changed goes through, with all of the spec that the client sends back.
    assertEquals(
        "Swarm updated.", cli.docker("swarm", "update", "--task-history-limit", "4").strip());
    cli.docker("swarm", "join-token", "--rotate", "-q", "worker");
    assertEquals(
        DAEMON + "Raft.SnapshotInterval cannot be changed",
        cli.refused("swarm", "update", "--snapshot-interval", "10"));
    assertEquals(
        DAEMON + "secrets are not supported by meshd",
        cli.refused("secret", "create", "s", "/etc/hostname"));
    String none =
        "this needs a Docker Engine, and none answers on /var/run/docker.sock of this node";
    assertTrue(cli.refused("run", "busybox").contains(DAEMON + none));
    assertTrue(cli.refused("images").startsWith(DAEMON + none));
    assertTrue(cli.refused("network", "connect", "mynet", "x").startsWith(DAEMON + none));
    assertEquals(
        DAEMON
            + "network driver \"bridge\" is not served here: create the network with --driver overlay",
        cli.refused("network", "create", "plain"));
  }

  @Test
  void nodesTakeLabelsAndServicesFollow() {
    cli.docker("node", "update", "--label-add", "disk=ssd", "n3");
    create(
        "placed",
        "--mode",
        "global",
        "--constraint",
        "node.labels.disk==ssd",
        "process",
        "sleep",
        "1000");
    replicas("placed", "1/1");
    assertEquals(Set.of("n3"), line("service", "ps", "--format", "{{.Node}}", "placed"));
    assertEquals(
        Set.of("placed"),
        line("node", "ps", "--format", "{{.Name}}", "--filter", "desired-state=running", "n3")
            .stream()
            .map(name -> name.replaceFirst("\\..*", ""))
            .filter("placed"::equals)
            .collect(Collectors.toSet()));
    cli.docker("service", "rm", "placed");
    cli.docker("node", "update", "--label-rm", "disk", "n3");
  }

  @Test
  void aStackIsDeployedTwiceAndRemoved() throws IOException {
    Files.writeString(
        cluster.inside("n1", "/run/stack.yml"),
        """
        version: "3.8"
        services:
          web:
            image: process
            command: ["busybox", "httpd", "-f", "-p", "80", "-h", "/etc"]
            ports: ["8090:80"]
            networks: {front: {aliases: [www]}}
            environment: {A: "1"}
            deploy:
              replicas: 2
              labels: {x: "y"}
              update_config: {parallelism: 1, delay: 1s}
              restart_policy: {condition: any, delay: 2s}
        networks:
          front: {driver: overlay, attachable: true}
        """);
    for (StockCli each : all) {
      String said = each.docker("stack", "deploy", "-c", "/run/stack.yml", "st");
      assertTrue(
          said.contains("Creating network st_front") && said.contains("Creating service st_web"),
          said);
      replicas("st_web", "2/2");
      String before = each.docker("stack", "ps", "-q", "--no-trunc", "st");
      assertTrue(
          each.docker("stack", "deploy", "-c", "/run/stack.yml", "st")
              .contains("Updating service st_web"));
      // The same file again changes nothing.
      assertEquals(before, each.docker("stack", "ps", "-q", "--no-trunc", "st"));
      assertTrue(each.docker("stack", "services", "st").contains("*:8090->80/tcp"));
      assertTrue(each.docker("stack", "ls").matches("(?s).*\\bst +1\\b.*"));
      String inspected = each.docker("service", "inspect", "--pretty", "st_web");
      assertTrue(
          inspected.contains("Update order:      stop-first") && inspected.contains(" x=y"),
          inspected);
      String removed = each.docker("stack", "rm", "st");
      assertTrue(removed.contains("Removing network st_front"), removed);
    }
  }

  @Test
  void changesAreEvents() {
    String at = shell("date +%s.%N");
    create("told", "--network", "mynet", "process", "sleep", "1000");
    cli.docker("service", "scale", "-d", "told=2");
    cli.docker("service", "rm", "told");
    cli.docker("network", "create", "-d", "overlay", "passing");
    cli.docker("network", "rm", "passing");
    List<String> told =
        cli.docker(
                "events",
                "--since",
                at,
                "--until",
                shell("date +%s.%N"),
                "--filter",
                "type=service",
                "--format",
                "{{.Action}} {{.Actor.Attributes}}")
            .lines()
            .filter(line -> line.contains("told"))
            .toList();
    assertEquals("create map[name:told]", told.getFirst());
    assertTrue(
        told.contains("update map[name:told replicas.new:2 replicas.old:1]"), told.toString());
    assertEquals("remove map[name:told]", told.getLast());
    assertEquals(
        List.of("create", "remove"),
        cli.docker(
                "events",
                "--since",
                at,
                "--until",
                shell("date +%s.%N"),
                "--filter",
                "network=passing",
                "--format",
                "{{.Action}}")
            .lines()
            .toList());
    // A stream that is open hears it, too.
    String heard =
        shell(
            "timeout 15 "
                + cli.program()
                + " -H unix:///run/meshd/meshd.sock events --filter type=node --format '{{.Action}} {{.Actor.Attributes}}' > /run/heard &\n"
                + "for i in $(seq 100); do docker node update --label-add n=$i n2 >/dev/null; grep -q update /run/heard && break; done\n"
                + "cat /run/heard; kill $!; wait || true");
    assertTrue(heard.contains("update map[name:n2]"), heard);
  }

  /** The SDK for Python, and what a proxy like Traefik asks. */
  @Test
  void theSdkWorksOnTheSameSocket() {
    CommandResult result = cluster.run("n1", Cluster.folder().resolve("lib/docker-sdk").toString());
    assertEquals("ok", result.orFail().strip());
  }
}
