package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Services of images: their tasks are containers of each node's own Docker Engine.
 *
 * <p>Longer than most: its last rows break the cluster that the others need, so it shares none, and
 * a second one with its Engines would cost as much as a third of these rows.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ContainerTasksTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final List<String> NODES = List.of("n1", "n2");

  /** A registry that refuses at once. */
  private static final String NOWHERE = "127.0.0.1:1/";

  /** A page that says which task it is, and one that says who asks. */
  private static final String SERVER =
      "mkdir -p /w/cgi-bin; echo begun; echo task $(hostname) >/w/index.html;"
          + " printf '#!/bin/sh\\necho; echo $REMOTE_ADDR\\n' >/w/cgi-bin/who;"
          + " chmod +x /w/cgi-bin/who; exec busybox httpd -f -p 80 -h /w";

  private final Cluster cluster = Cluster.up(ContainerTasksTest.class, "--nodes", "2", "--docker");
  private final Services services = new Services(cluster);
  private final StockCli stock = StockCli.all(cluster).getFirst();

  @BeforeAll
  void network() {
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "mynet"));
    awaitEngines();
  }

  @AfterAll
  void down() {
    cluster.close();
  }

  private void awaitEngines() {
    eventually(
        "both nodes have told of their Engines",
        () ->
            NODES.stream()
                .allMatch(
                    node ->
                        cluster
                            .meshctl(List.of("node", "inspect", node))
                            .contains("meshd.docker-api")));
  }

  private static void eventually(String what, BooleanSupplier holds) {
    await().alias(what).atMost(PATIENCE).until(holds::getAsBoolean);
  }

  private void create(String name, List<String> options, String... imageAndCommand) {
    start(name, options, imageAndCommand);
    services.converged(name);
  }

  private void start(String name, List<String> options, String... imageAndCommand) {
    List<String> line =
        new ArrayList<>(List.of("service", "create", "-d", "--no-resolve-image", "--name", name));
    // Process 1 of a container does not hear what it has no handler for.
    line.addAll(List.of("--stop-signal", "KILL"));
    line.addAll(options);
    line.addAll(List.of(imageAndCommand));
    cluster.meshctl(line);
  }

  private void remove(String... names) {
    List<String> line = new ArrayList<>(List.of("service", "rm"));
    line.addAll(List.of(names));
    cluster.meshctl(line);
  }

  private CommandResult docker(String node, String... args) {
    return cluster.engine(node, args);
  }

  private static String container(Task task) {
    return task.name() + "." + task.id();
  }

  private String in(Task task, String script) {
    return docker(task.node(), "exec", container(task), "sh", "-c", script).orFail();
  }

  /** Of the Engine, as it has the task's container. */
  private String inspect(Task task, String format) {
    return docker(task.node(), "inspect", "-f", format, container(task)).orFail().strip();
  }

  private JsonNode apiTask(Task task) {
    try {
      return Json.MAPPER
          .readTree(
              cluster
                  .run(
                      "n1",
                      "curl",
                      "-fs",
                      "--unix-socket",
                      "/run/meshd/meshd.sock",
                      "http://d/tasks/" + task.id())
                  .orFail())
          .path("Status");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private String errorOf(String service, String state) {
    return cluster
        .meshctl(
            List.of(
                "service", "ps", "--no-trunc", "--format", "{{.CurrentState}}|{{.Error}}", service))
        .lines()
        .filter(line -> line.startsWith(state + " "))
        .map(line -> line.replaceFirst("[^|]*\\|", "").replace("\"", ""))
        .findFirst()
        .orElse("");
  }

  private void awaitError(String service, String state, String words) {
    await()
        .alias(service + " is " + state + ": " + words)
        .atMost(PATIENCE)
        .untilAsserted(() -> assertTrue(errorOf(service, state).contains(words)));
  }

  private static List<String> containers(String all) {
    return all.lines().filter(line -> !line.isBlank()).toList();
  }

  @Test
  @Order(1)
  void tasksAreContainersOnTheirNetworks() {
    create(
        "web",
        List.of(
            "--replicas", "2", "--network", "mynet", "-p", "8080:80", "--container-label", "a=b"),
        "busybox",
        "sh",
        "-c",
        SERVER);
    List<Task> tasks = services.running("web", 2);
    assertEquals(NODES, tasks.stream().map(Task::node).sorted().toList());
    for (String node : NODES) {
      eventually(node + " answers", () -> cluster.page(node, 8080).startsWith("task "));
    }
    Task task = tasks.getFirst();
    String links = in(task, "ip addr show dev eth0; ip addr show dev eth1");
    assertTrue(links.contains("inet 10.0.1.") && links.contains("mtu 1450"), links);
    assertTrue(links.contains("link/ether 02:42:0a:00:01:") && links.contains("mtu 1500"), links);
    assertTrue(in(task, "nslookup web").contains("10.0.1.2"));
    assertTrue(in(task, "ping -c 1 -W 2 web").contains(" 0% packet loss"));
    assertTrue(in(task, "wget -q -O - http://web/").startsWith("task "));
    assertTrue(in(task, "nslookup tasks.web").contains("10.0.1."));
    assertTrue(cluster.meshctl(List.of("service", "ls")).contains("2/2"));
  }

  @Test
  @Order(2)
  void theNodesDockerKnowsThemBySwarmsNames() {
    for (Task task : services.running("web", 2)) {
      String shown =
          docker(
                  task.node(),
                  "ps",
                  "--filter",
                  "label=com.docker.swarm.service.name=web",
                  "--format",
                  "{{.Names}} {{.Image}}")
              .orFail();
      assertEquals(container(task) + " busybox:latest", shown.strip());
      assertEquals(
          task.id() + " " + container(task) + " b",
          inspect(
              task,
              "{{index .Config.Labels \"com.docker.swarm.task.id\"}} {{index .Config.Labels"
                  + " \"com.docker.swarm.task.name\"}} {{.Config.Labels.a}}"));
      JsonNode status = apiTask(task).path("ContainerStatus");
      assertEquals(inspect(task, "{{.Id}}"), status.path("ContainerID").asText());
      assertEquals(inspect(task, "{{.State.Pid}}"), status.path("PID").asText());
      assertEquals("begun", docker(task.node(), "logs", container(task)).orFail().strip());
      // Through meshd's socket as well.
      assertTrue(stock.on(task.node(), "exec", container(task), "hostname").ok());
      // And by what its users call the task.
      for (String name : List.of(task.id(), task.id().substring(0, 12), task.name())) {
        assertEquals(
            inspect(task, "{{.Config.Hostname}}"),
            cluster.meshctl(task.node(), "exec", name, "hostname").orFail().strip());
      }
    }
    String logs = cluster.meshctl(List.of("service", "logs", "web"));
    assertEquals(2, logs.lines().filter(line -> line.endsWith("| begun")).count(), logs);
  }

  @Test
  @Order(3)
  void aPublishedPortAloneIsOnIngressAndKeepsTheClientsAddress() {
    create(
        "who",
        List.of("-p", "published=8081,target=80,client-address=preserve"),
        "busybox",
        "sh",
        "-c",
        SERVER);
    Task task = services.only("who");
    assertTrue(in(task, "ip -4 -o addr show dev eth0").contains(" 10.0.0."));
    String client =
        cluster.sh("client", "ip -4 -o addr show | grep -o '10.99.0.[0-9]*/' | head -1");
    for (String node : NODES) {
      String said =
          cluster.sh("client", "curl -sm 5 http://" + Cluster.address(node) + ":8081/cgi-bin/who");
      assertTrue(said.contains(client.strip().replace("/", "")), node + ": " + said);
    }
    assertFalse(
        docker(task.node(), "exec", container(task), "ping", "-c", "1", "-W", "1", "web").ok());
    remove("who");
  }

  @Test
  @Order(4)
  void scaledAndUpdatedWithoutALostRequest() throws IOException {
    services.scale("web", 3);
    services.scale("web", 2);
    List<Task> before = services.running("web", 2);
    Path output = Files.createTempFile("requests", ".txt");
    Process requests =
        cluster.background(
            output,
            "client",
            "sh",
            "-c",
            "while :; do curl -fs -m 5 http://10.99.0.2:8080/ || echo lost; done");
    try {
      eventually("requests are answered", () -> answered(output) > 10);
      List<Task> after = services.update("web", "--env-add", "X=1");
      assertNotEquals(before, after);
      int sofar = answered(output);
      eventually("they still are", () -> answered(output) > sofar + 10);
      assertEquals("1", in(after.getFirst(), "echo $X").strip());
    } finally {
      requests.descendants().forEach(ProcessHandle::destroy);
      requests.destroy();
    }
    assertFalse(Files.readString(output).contains("lost"), "requests were lost");
    Files.delete(output);
    for (Task old : before) {
      // Kept for its logs, as long as the history has it.
      assertEquals("exited", inspect(old, "{{.State.Status}}"));
    }
  }

  private static int answered(Path output) {
    try {
      return (int)
          Files.readString(output).lines().filter(line -> line.startsWith("task ")).count();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  @Order(5)
  void whatEndsByItselfIsToldAndReplaced() {
    start("three", List.of("--restart-condition", "none"), "busybox", "sh", "-c", "exit 3");
    start("done", List.of("--restart-condition", "none"), "busybox", "true");
    start("nothing", List.of("--restart-condition", "none"), "busybox", "/nothing");
    start("nope", List.of("--restart-condition", "none"), NOWHERE + "nope:1", "true");
    stock.docker(
        "service",
        "create",
        "-d",
        "--no-resolve-image",
        "--name",
        "big",
        "--reserve-memory",
        "100000g",
        "busybox");
    awaitError("big", "Pending", "insufficient resources on 2 nodes");
    awaitError("three", "Failed", "task: non-zero exit (3)");
    awaitError("nothing", "Failed", "starting container failed: ");
    awaitError("nope", "Rejected", "No such image: " + NOWHERE + "nope:1");
    awaitError("done", "Complete", "");
    Task task = services.running("web", 2).getFirst();
    docker(task.node(), "rm", "-f", container(task)).orFail();
    eventually(
        "another takes its place",
        () -> {
          List<Task> now = services.running("web");
          return now.size() == 2 && !now.contains(task);
        });
    remove("three", "done", "nothing", "nope", "big");
  }

  @Test
  @Order(6)
  void meshdDiesAndItsContainersGoOn() {
    create(
        "each",
        List.of("--mode", "global", "-p", "8083:80", "--network", "mynet"),
        "busybox",
        "sh",
        "-c",
        SERVER);
    String before = runningContainers();
    // Without a leader nobody takes a node that is slow to come back for one that is gone.
    cluster.stop("n1");
    cluster.kill("n2");
    cluster.start("n2");
    cluster.start("n1");
    eventually("n1 leads again", () -> cluster.meshctl("n1", "service", "ls").ok());
    services.converged("web", "each");
    for (String node : NODES) {
      eventually(node + " answers", () -> cluster.page(node, 8083).startsWith("task "));
    }
    assertEquals(before, runningContainers());
  }

  private String runningContainers() {
    return NODES.stream()
        .map(
            node ->
                docker(node, "ps", "--format", "{{.ID}}", "--filter", "name=each").orFail().strip())
        .toList()
        .toString();
  }

  /** Without live-restore Docker's daemon ends its containers when it comes back. */
  @Test
  @Order(7)
  void dockerdDiesAndComesBack() {
    List<Task> before = services.running("each", 2);
    cluster.script("kill", "--docker", "n2").orFail();
    eventually("its containers answer", () -> cluster.page("n2", 8083).startsWith("task "));
    assertEquals(before, services.running("each", 2));
    cluster.script("start", "--docker", "n2").orFail();
    eventually(
        "a new one runs",
        () -> {
          List<Task> now = services.running("each");
          return now.size() == 2 && !now.equals(before);
        });
    awaitEngines();
    for (String node : NODES) {
      eventually(node + " answers", () -> cluster.page(node, 8083).startsWith("task "));
    }
    remove("each");
  }

  @Test
  @Order(8)
  void whereNoEngineIsNothingIsPlaced() {
    cluster.script("stop", "--docker", "n2").orFail();
    eventually(
        "n2 has told that its Engine is gone",
        () -> !cluster.meshctl(List.of("node", "inspect", "n2")).contains("meshd.docker-api"));
    start("here", List.of("--replicas", "2"), "busybox", "sleep", "1000000");
    assertEquals(
        List.of("n1", "n1"), services.running("here", 2).stream().map(Task::node).toList());
    start("there", List.of("--constraint", "node.hostname==n2"), "busybox", "sleep", "1000000");
    awaitError("there", "Pending", "no Docker Engine on 1 node");
    cluster.script("start", "--docker", "n2").orFail();
    services.converged("there");
    remove("here", "there");
  }

  @Test
  @Order(9)
  void aTaskIsReadyWhenItIsHealthyAndEndsWhenItIsNot() {
    stock.docker(
        "service",
        "create",
        "-d",
        "--no-resolve-image",
        "--name",
        "health",
        "--stop-signal",
        "KILL",
        "--health-cmd",
        "test -e /tmp/well",
        "--health-interval",
        "300ms",
        "--health-retries",
        "2",
        "--health-start-period",
        "60s",
        "busybox",
        "sleep",
        "1000000");
    eventually(
        "it is starting",
        () -> services.all("health").stream().anyMatch(task -> task.state().equals("Starting")));
    Task task = services.all("health").getFirst();
    eventually(
        "it is there",
        () -> docker(task.node(), "exec", container(task), "touch", "/tmp/well").ok());
    services.converged("health");
    assertEquals(task.id(), services.only("health").id());
    in(task, "rm /tmp/well");
    awaitError("health", "Failed", "dockerexec: unhealthy container");
    remove("health");
  }

  @Test
  @Order(10)
  void whatASpecAsksForIsCarriedOut() {
    stock.docker(
        "service",
        "create",
        "-d",
        "--no-resolve-image",
        "--name",
        "spec",
        "--hostname",
        "{{.Service.Name}}-{{.Task.Slot}}-{{.Node.Hostname}}",
        "--env",
        "WHERE={{.Node.Hostname}}",
        "--user",
        "65534",
        "--workdir",
        "/tmp",
        "--mount",
        "type=tmpfs,target=/scratch",
        "--mount",
        "type=volume,source=kept,target=/kept",
        "--read-only",
        "--init",
        "--host",
        "elsewhere:192.0.2.77",
        "--sysctl",
        "net.ipv4.ip_default_ttl=77",
        "--ulimit",
        "nofile=1000:1000",
        "--cap-drop",
        "CHOWN",
        "--stop-signal",
        "KILL",
        "--network",
        "mynet",
        "busybox",
        "sleep",
        "1000000");
    services.converged("spec");
    Task task = services.only("spec");
    String node = task.node();
    assertEquals(
        "spec-1-" + node + " " + node + " 65534 /tmp 77 1000",
        in(
                task,
                "echo $(hostname) $WHERE $(id -u) $(pwd)"
                    + " $(cat /proc/sys/net/ipv4/ip_default_ttl) $(ulimit -n)")
            .strip());
    assertTrue(in(task, "cat /etc/hosts").contains("192.0.2.77\telsewhere"));
    assertTrue(in(task, "touch /scratch/x; touch /y 2>&1 || true").contains("Read-only"));
    String engines =
        inspect(task, "{{.HostConfig.Init}} {{.Config.StopSignal}} {{.HostConfig.CapDrop}}");
    assertTrue(engines.matches("true KILL \\[(CAP_)?CHOWN]"), engines);
    changesOfWhatASpecAsksForAreCarriedOut();
    remove("spec");
  }

  private void changesOfWhatASpecAsksForAreCarriedOut() {
    List<Task> after =
        services.update(
            "spec",
            "--mount-rm",
            "/kept",
            "--mount-add",
            "type=tmpfs,target=/other,tmpfs-size=1m",
            "--host-rm",
            "elsewhere",
            "--host-add",
            "somewhere:192.0.2.78",
            "--sysctl-add",
            "net.ipv4.ip_default_ttl=78",
            "--ulimit-add",
            "nofile=1001",
            "--cap-add",
            "CHOWN",
            "--cap-drop",
            "MKNOD",
            "--group-add",
            "7",
            "--dns-search-add",
            "some.test");
    Task task = after.getFirst();
    String mounts = in(task, "cat /proc/mounts");
    assertTrue(mounts.contains(" /scratch tmpfs ") && mounts.contains(" /other tmpfs "), mounts);
    assertFalse(mounts.contains(" /kept "), mounts);
    String hosts = in(task, "cat /etc/hosts");
    assertTrue(hosts.contains("192.0.2.78\tsomewhere") && !hosts.contains("elsewhere"), hosts);
    // The user's own group may be among them.
    String numbers =
        in(
            task,
            "cat /proc/sys/net/ipv4/ip_default_ttl; ulimit -n; grep ^Groups: /proc/self/status");
    assertTrue(numbers.matches("(?s)78\\s+1001\\s+Groups:\\s+7\\b.*"), numbers);
    assertTrue(in(task, "cat /etc/resolv.conf").contains("some.test"));
    String dropped = inspect(task, "{{.HostConfig.CapDrop}}");
    assertTrue(dropped.matches("\\[(CAP_)?MKNOD]"), dropped);
  }

  /** A local copy is enough; who asks is told that it may not be the same everywhere. */
  @Test
  @Order(11)
  void withoutItsRegistryAnImageIsWarnedOf() {
    docker("n1", "tag", "busybox", NOWHERE + "busybox").orFail();
    String other = docker("n2", "create", "busybox", "true").orFail().strip();
    docker("n2", "commit", other, NOWHERE + "busybox").orFail();
    docker("n2", "rm", other).orFail();
    CommandResult created =
        cluster.meshctl(
            "n1",
            "service",
            "create",
            "-d",
            "--name",
            "local",
            "--replicas",
            "2",
            "--stop-signal",
            "KILL",
            NOWHERE + "busybox",
            "sleep",
            "1000000");
    assertTrue(created.ok(), created.err());
    assertTrue(
        created
            .err()
            .startsWith("image " + NOWHERE + "busybox:latest could not be accessed on a registry"),
        created.err());
    services.converged("local");
    CommandResult shown = cluster.meshctl("n1", "service", "ps", "local");
    assertTrue(
        shown
            .err()
            .matches(
                "image .*busybox:latest is not the same on all nodes:"
                    + " sha256:[0-9a-f]{12} on n[12]; sha256:[0-9a-f]{12} on n[12]\\s*"),
        shown.err());
    remove("local");
  }

  @Test
  @Order(12)
  void hostPortsLeadToTheNodesOwnTask() {
    create(
        "host",
        List.of("--mode", "global", "--publish", "published=8090,target=80,mode=host"),
        "busybox",
        "sh",
        "-c",
        SERVER);
    for (String node : NODES) {
      eventually(node + " answers", () -> cluster.page(node, 8090).startsWith("task "));
    }
    assertTrue(cluster.meshctl(List.of("service", "ps", "host")).contains("*:8090->80/tcp"));
    remove("host");
  }

  @Test
  @Order(13)
  void nothingIsLeftOfServicesThatAreGone() throws IOException {
    remove("web");
    for (String node : NODES) {
      awaitNothingLeft(node);
      assertEquals(
          0,
          Json.MAPPER
              .readTree(
                  Files.readAllBytes(
                      cluster.state().resolve(node).resolve("data/docker-networks.json")))
              .path("endpoints")
              .size());
      assertFalse(cluster.sh(node, "ip -o link").contains(": mt"));
    }
  }

  private void awaitNothingLeft(String node) {
    eventually(
        "the containers of " + node + " are gone",
        () -> containers(docker(node, "ps", "-aq").orFail()).isEmpty());
    eventually(
        "the networks of " + node + " are gone",
        () ->
            containers(docker(node, "network", "ls", "-q", "-f", "driver=meshd").orFail())
                .isEmpty());
  }

  @Test
  @Order(14)
  void aNodeThatLeavesTakesItsTasksAway() {
    create(
        "each",
        List.of("--mode", "global", "-p", "8083:80", "--network", "mynet", "--read-only"),
        "busybox",
        "sleep",
        "1000000");
    cluster.meshctl("n2", "swarm", "leave").orFail();
    awaitNothingLeft("n2");
    eventually("n2 is down", () -> cluster.meshctl("n1", "node", "rm", "n2").ok());
    remove("each");
    awaitNothingLeft("n1");
  }

  @Test
  @Order(15)
  void withoutAnyEngineTheOtherRuntimeIsNamed() {
    for (String node : NODES) {
      cluster.script("stop", "--docker", node).orFail();
    }
    eventually(
        "it is refused in words",
        () ->
            cluster
                .meshctl("n1", "service", "create", "-d", "--name", "no", "busybox")
                .err()
                .contains("use --runtime process"));
  }
}
