package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.testcontainers.containers.Network;
import org.testcontainers.utility.MountableFile;

/**
 * Three nodes that are containers, each with its own meshd on the runtime that is linked for it and
 * its own Docker Engine: what runs on a machine that has no JVM and nothing but Debian's packages.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ContainerNodesTest {
  private static final Duration PATIENCE = Duration.ofSeconds(40);
  private static final String IMAGE = "meshd-node";
  private static final int PORT = 8080;

  private final Cluster cluster =
      Cluster.up(ContainerNodesTest.class, "--nodes", "1", "--bare", "--docker");
  private final List<MeshdContainer> nodes = new ArrayList<>();

  @BeforeAll
  void up() {
    String archive = cluster.script("lib/node-image", IMAGE).orFail();
    cluster.engine("n1", "load", "--quiet", "--input", archive).orFail();
    Path socket = cluster.inside("n1", "/run/docker.sock");
    NamespaceEngine.use(socket);
    Network underlay = Network.newNetwork();
    for (String name : List.of("c1", "c2", "c3")) {
      MeshdContainer node = new MeshdContainer(IMAGE, name, underlay);
      nodes.add(node);
    }
    nodes.parallelStream().forEach(MeshdContainer::start);
    MeshdContainer first = nodes.getFirst();
    first.meshctl("swarm", "init", "--advertise-addr", first.address());
    String token = first.meshctl("swarm", "join-token", "-q", "worker");
    for (MeshdContainer node : nodes.subList(1, nodes.size())) {
      node.meshctl("swarm", "join", "--token", token, first.address() + ":2377");
    }
  }

  @AfterAll
  void down() {
    nodes.forEach(MeshdContainer::stop);
    cluster.close();
  }

  /** What the published port of a node answers, asked from another one; empty when it does not. */
  private static String page(MeshdContainer from, MeshdContainer node) {
    var answer = from.tried("curl", "-fs", "-m", "3", "http://" + node.address() + ":" + PORT);
    return answer.getExitCode() == 0 ? answer.getStdout().strip() : "";
  }

  private Set<String> seen(MeshdContainer node, int times) {
    Set<String> pages = new HashSet<>();
    for (int i = 0; i < times; i++) {
      pages.add(page(nodes.get(i % nodes.size()), node));
    }
    return pages;
  }

  @Test
  @Order(1)
  void everyNodeAnswersForEveryTask() {
    MeshdContainer first = nodes.getFirst();
    assertEquals(
        "c1 Ready\nc2 Ready\nc3 Ready",
        first
            .meshctl("node", "ls", "--format", "{{.Hostname}} {{.Status}}")
            .lines()
            .sorted()
            .reduce((a, b) -> a + "\n" + b)
            .orElse(""));
    first.meshctl("network", "create", "--driver", "overlay", "mynet");
    first.meshctl(
        "service",
        "create",
        "-d",
        "--runtime",
        "process",
        "--name",
        "web",
        "--network",
        "mynet",
        "--replicas",
        "3",
        "--publish",
        PORT + ":80",
        "--hostname",
        "{{.Node.Hostname}}",
        "sh",
        "-c",
        "cd $(mktemp -d) && hostname > index.html" + " && exec busybox httpd -f -p 80");
    Set<String> all = Set.of("c1", "c2", "c3");
    for (MeshdContainer node : nodes) {
      await().atMost(PATIENCE).untilAsserted(() -> assertEquals(all, seen(node, 9)));
    }
  }

  @Test
  @Order(2)
  void namesAndTheVirtualAddressAnswerBetweenContainers() {
    MeshdContainer first = nodes.getFirst();
    String task =
        first
            .meshctl("ps", "--filter", "name=web", "--format", "{{.ID}}")
            .lines()
            .findFirst()
            .orElseThrow();
    assertTrue(
        first
            .meshctl("exec", task, "ping", "-c", "1", "-W", "2", "web")
            .contains("0% packet loss"));
    Set<String> pages = new HashSet<>();
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              pages.add(first.meshctl("exec", task, "curl", "-fs", "-m", "3", "http://web/"));
              assertEquals(Set.of("c1", "c2", "c3"), pages);
            });
  }

  @Test
  @Order(3)
  void aNodeThatIsPausedIsLeftOutAndComesBack() {
    MeshdContainer first = nodes.getFirst();
    MeshdContainer last = nodes.getLast();
    var engine = last.getDockerClient();
    engine.pauseContainerCmd(last.getContainerId()).exec();
    try {
      await().atMost(PATIENCE).until(() -> status(first, "c3").equals("Down"));
      for (int i = 0; i < 12; i++) {
        assertFalse(page(first, nodes.get(i % 2)).isEmpty());
      }
    } finally {
      engine.unpauseContainerCmd(last.getContainerId()).exec();
    }
    await().atMost(PATIENCE).until(() -> status(first, "c3").equals("Ready"));
    await().atMost(PATIENCE).until(() -> !page(first, last).isEmpty());
  }

  private static String status(MeshdContainer asked, String node) {
    return asked.meshctl("node", "ls", "--filter", "name=" + node, "--format", "{{.Status}}");
  }

  @Test
  @Order(4)
  void aContainerThatIsRestartedTakesUpWhereItWas() {
    MeshdContainer first = nodes.getFirst();
    MeshdContainer second = nodes.get(1);
    second.getDockerClient().killContainerCmd(second.getContainerId()).exec();
    await().atMost(PATIENCE).until(() -> status(first, "c2").equals("Down"));
    second.getDockerClient().startContainerCmd(second.getContainerId()).exec();
    await().atMost(PATIENCE).until(() -> status(first, "c2").equals("Ready"));
    await().atMost(PATIENCE).until(() -> !page(first, second).isEmpty());
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                first
                    .meshctl("service", "ls", "--format", "{{.Name}} {{.Replicas}}")
                    .equals("web 3/3"));
  }

  /** Tasks are containers of the Engine that is in the node's container. */
  @Test
  @Order(5)
  void anEngineInEveryNodeRunsTasksToo() {
    String archive =
        cluster
            .script(
                "lib/docker-image",
                "--cmd",
                "cd /tmp && hostname > index.html && exec httpd -f -p 80",
                "page")
            .orFail();
    for (MeshdContainer node : nodes) {
      node.copyFileToContainer(MountableFile.forHostPath(archive), "/page.tar");
      await().atMost(PATIENCE).until(() -> node.tried("docker", "info").getExitCode() == 0);
      node.run("docker", "load", "--quiet", "--input", "/page.tar");
    }
    MeshdContainer first = nodes.getFirst();
    first.meshctl("service", "rm", "web");
    first.run(
        "env",
        "DOCKER_HOST=unix:///run/meshd/meshd.sock",
        "docker",
        "service",
        "create",
        "-d",
        "--no-resolve-image",
        "--name",
        "page",
        "--network",
        "mynet",
        "--mode",
        "global",
        "--publish",
        PORT + ":80",
        "--hostname",
        "{{.Node.Hostname}}",
        "page");
    Set<String> all = Set.of("c1", "c2", "c3");
    for (MeshdContainer node : nodes) {
      await().atMost(PATIENCE).untilAsserted(() -> assertEquals(all, seen(node, 9)));
      assertEquals("page:latest", node.run("docker", "ps", "--format", "{{.Image}}"));
    }
  }
}
