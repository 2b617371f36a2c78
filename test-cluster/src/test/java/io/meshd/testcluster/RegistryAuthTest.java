package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * {@code --with-registry-auth}: images of a registry outside the cluster that asks for a password,
 * which no node has been told by hand.
 */
@SharesCluster(SharesCluster.Shape.DOCKER)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RegistryAuthTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final List<String> NODES = List.of("n1", "n2", "n3");

  /** Every dockerd of test-cluster is told that it speaks plain HTTP. */
  private static final String REGISTRY = "10.99.0.254:5000";

  private static final String IMAGE = REGISTRY + "/team/web";
  private static final String FIRST_PASSWORD = "first-gulliver";
  private static final String SECOND_PASSWORD = "second-gulliver";

  private final Cluster cluster = Cluster.shared(RegistryAuthTest.class);
  private final Services services = new Services(cluster);
  private final StockCli stock = StockCli.all(cluster).getFirst();
  private final Path folder = cluster.state().resolve("registry");
  private final Path logins = folder.resolve("logins");
  private final List<Process> running = new ArrayList<>();

  @BeforeAll
  void registryWithTwoImages() throws IOException {
    Files.createDirectories(logins);
    Files.writeString(
        folder.resolve("config.yml"),
        """
        version: 0.1
        log: {level: warn}
        storage:
          filesystem: {rootdirectory: %1$s/data}
        http: {addr: "%2$s"}
        auth:
          htpasswd: {realm: test, path: %1$s/users}
        """
            .formatted(folder, REGISTRY));
    setPassword(FIRST_PASSWORD);
    running.add(
        cluster.background(
            folder.resolve("log"),
            "client",
            "docker-registry",
            "serve",
            folder.resolve("config.yml").toString()));
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                cluster
                    .run("n1", "curl", "-s", "-m", "5", "http://" + REGISTRY + "/v2/")
                    .out()
                    .contains("UNAUTHORIZED"));
    logIn(FIRST_PASSWORD);
    for (String tag : List.of("1", "2")) {
      String made = cluster.sh("n1", "docker create busybox true").strip();
      cluster.sh(
          "n1",
          "docker commit -c 'LABEL tag=%1$s' %2$s %3$s:%1$s && docker rm %2$s && docker --config %4$s push %3$s:%1$s && docker rmi %3$s:%1$s"
              .formatted(tag, made, IMAGE, logins));
    }
  }

  /** The registry reads the file again at the next request. */
  private void setPassword(String password) throws IOException {
    String line = cluster.sh("client", "htpasswd -Bbn ann " + password).strip();
    Files.writeString(folder.resolve("users"), line + "\n");
  }

  /** With the stock client, whose file is then read by both clients. */
  private void logIn(String password) {
    cluster.sh(
        "n1",
        "echo %s | docker --config %s login --username ann --password-stdin %s"
            .formatted(password, logins, REGISTRY));
  }

  @AfterAll
  void down() {
    running.forEach(Process::destroy);
    forgetImages();
    cluster.close();
  }

  /** Those that no running container is of. */
  private void forgetImages() {
    for (String node : NODES) {
      cluster.run(node, "sh", "-c", "docker rmi -f $(docker images -q " + IMAGE + " | sort -u)");
    }
  }

  private void remove(String service) {
    cluster.meshctl(List.of("service", "rm", service));
    await()
        .atMost(PATIENCE)
        .until(() -> NODES.stream().allMatch(n -> cluster.sh(n, "docker ps -aq").isBlank()));
  }

  private CommandResult docker(String... args) {
    List<String> line = new ArrayList<>(List.of("--config", logins.toString(), "service"));
    line.addAll(List.of(args));
    return stock.on("n1", line.toArray(String[]::new));
  }

  private CommandResult meshctl(String... args) {
    List<String> line = new ArrayList<>(List.of("env", "DOCKER_CONFIG=" + logins));
    line.addAll(List.of("PATH=" + folder + ":" + System.getenv("PATH")));
    line.addAll(List.of(Cluster.folder().resolve("bin/meshctl").toString(), "service"));
    line.addAll(List.of(args));
    return cluster.run("n1", line.toArray(String[]::new));
  }

  private String states(String service) {
    return cluster.meshctl(
        List.of(
            "service", "ps", "--no-trunc", "--format", "{{.CurrentState}}|{{.Error}}", service));
  }

  private void awaitRejected(String service, String image) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              String states = states(service);
              assertTrue(
                  states.lines().anyMatch(l -> l.startsWith("Rejected") && l.contains(image)),
                  states);
            });
  }

  private String image(String service) {
    return cluster
        .meshctl(
            List.of(
                "service",
                "inspect",
                "--format",
                "{{.Spec.TaskTemplate.ContainerSpec.Image}}",
                service))
        .strip();
  }

  @Test
  @Order(1)
  void withoutTheFlagNobodyGetsTheImage() {
    CommandResult created =
        docker(
            "create", "-d", "--name", "none", "--stop-signal", "KILL", IMAGE + ":1", "sleep", "9");
    assertTrue(created.err().contains("could not be accessed on a registry"), created.err());
    awaitRejected("none", "No such image: " + IMAGE + ":1");
    remove("none");
  }

  @Test
  @Order(2)
  void withItEveryNodePullsAndTheDigestIsPinned() {
    CommandResult created =
        docker(
            "create",
            "--with-registry-auth",
            "--mode",
            "global",
            "--name",
            "web",
            "--stop-signal",
            "KILL",
            IMAGE + ":1",
            "sleep",
            "1000000");
    assertTrue(created.ok(), created.err());
    assertEquals("", created.err());
    services.running("web", 3);
    assertTrue(image("web").matches(IMAGE + ":1@sha256:[0-9a-f]{64}"), image("web"));
  }

  @Test
  @Order(3)
  void aNewImageNeedsNoLoginAnyMore() {
    // The nodes go on with what came with the service; the client that asks for the digest does
    // not.
    CommandResult updated = docker("update", "--detach", "--image", IMAGE + ":2", "web");
    assertTrue(updated.ok(), updated.err());
    assertTrue(updated.err().contains("could not be accessed on a registry"), updated.err());
    await().atMost(PATIENCE).until(() -> allRun(IMAGE + ":2"));
    assertEquals(IMAGE + ":2", image("web"));
  }

  private boolean allRun(String image) {
    List<Task> running = services.running("web");
    return running.size() == 3
        && running.stream()
            .allMatch(
                task ->
                    cluster
                        .sh(
                            task.node(),
                            "docker inspect -f '{{.Config.Image}}' %s.%s"
                                .formatted(task.name(), task.id()))
                        .strip()
                        .equals(image));
  }

  @Test
  @Order(4)
  void anotherPasswordTakesItsPlaceAndTheTasksStay() throws IOException {
    List<Task> before = services.running("web", 3);
    setPassword(SECOND_PASSWORD);
    logIn(SECOND_PASSWORD);
    forgetImages();
    docker("update", "--with-registry-auth", "web").orFail();
    assertEquals(before, services.running("web", 3));
    // A node that has lost the image pulls it with the new one.
    CommandResult updated =
        docker("update", "--with-registry-auth", "--image", IMAGE + ":1", "web");
    assertTrue(updated.ok(), updated.err());
    assertTrue(image("web").startsWith(IMAGE + ":1@sha256:"), image("web"));
    services.running("web", 3);
  }

  @Test
  @Order(5)
  void aStackIsDeployedWithIt() throws IOException {
    Path compose = folder.resolve("compose.yml");
    Files.writeString(
        compose,
        """
        version: "3.8"
        services:
          app:
            image: %s:2
            command: sleep 1000000
            stop_signal: KILL
            deploy:
              mode: global
        """
            .formatted(IMAGE));
    remove("web");
    forgetImages();
    stock
        .on(
            "n1",
            "--config",
            logins.toString(),
            "stack",
            "deploy",
            "--with-registry-auth",
            "-c",
            compose.toString(),
            "st")
        .orFail();
    services.running("st_app", 3);
    assertTrue(image("st_app").startsWith(IMAGE + ":2@sha256:"), image("st_app"));
  }

  @Test
  @Order(6)
  void itIsShownToNobodyAndOnNoDiskInClear() {
    String first = base64(FIRST_PASSWORD);
    String second = base64(SECOND_PASSWORD);
    for (String shown :
        List.of(
            docker("inspect", "st_app").orFail(),
            cluster.meshctl(List.of("service", "inspect", "st_app")),
            cluster.sh(
                "n1",
                "curl -fs --unix-socket /run/meshd/meshd.sock http://d/tasks http://d/services"))) {
      for (String secret : List.of(FIRST_PASSWORD, SECOND_PASSWORD, first, second)) {
        assertFalse(shown.contains(secret), shown);
      }
    }
    for (String node : NODES) {
      String places = "/var/lib/meshd " + cluster.state().resolve(node).resolve("meshd.log");
      // What is in clear there is found.
      assertTrue(cluster.sh(node, "grep -rlaF team/web " + places).contains("state.json"), node);
      String secrets =
          "grep -rlaF -e %s -e %s -e %s -e %s %s || true"
              .formatted(FIRST_PASSWORD, SECOND_PASSWORD, first, second, places);
      assertEquals("", cluster.sh(node, secrets).strip(), node);
      assertTrue(sealed(node));
    }
    remove("st_app");
  }

  /** What the header begins with, up to the middle of the password. */
  private static String base64(String password) {
    return Base64.getEncoder()
        .encodeToString(
            ("{\"username\":\"ann\",\"password\":\"" + password + "\"")
                .getBytes(StandardCharsets.UTF_8))
        .substring(0, 48);
  }

  /** The login is kept by a program, and only the node with the task is told it. */
  @Test
  @Order(7)
  void meshctlAsksTheProgramThatKeepsTheLogin() throws IOException {
    Path program = folder.resolve("docker-credential-test");
    Files.writeString(
        program,
        "#!/bin/sh\nread registry; [ \"$1 $registry\" = 'get %s' ] && echo '{\"Username\":\"ann\",\"Secret\":\"%s\"}'\n"
            .formatted(REGISTRY, SECOND_PASSWORD));
    assertTrue(program.toFile().setExecutable(true));
    Files.writeString(logins.resolve("config.json"), "{\"credsStore\":\"test\"}");
    forgetImages();
    CommandResult created =
        meshctl(
            "create",
            "--with-registry-auth",
            "--name",
            "one",
            "--constraint",
            "node.hostname==n2",
            "--stop-signal",
            "KILL",
            IMAGE + ":1",
            "sleep",
            "1000000");
    assertTrue(created.ok(), created.err());
    assertEquals("", created.err());
    assertTrue(image("one").matches(IMAGE + ":1@sha256:[0-9a-f]{64}"), image("one"));
    assertEquals("n2", services.only("one").node());
    await().atMost(PATIENCE).until(() -> sealed("n2"));
    assertFalse(sealed("n1"));
    assertFalse(sealed("n3"));
    remove("one");
    await().atMost(PATIENCE).until(() -> !sealed("n2"));
  }

  private boolean sealed(String node) {
    return Files.exists(cluster.state().resolve(node).resolve("data/state.auths"));
  }
}
