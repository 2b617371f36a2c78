package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The cluster's CA is replaced while clients ask and operators work. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RootRotationTest {
  private static final String DOOR = Cluster.address("n1") + ":2377";
  private static final Duration SOON = Duration.ofSeconds(30);

  private final Cluster cluster = Cluster.up(RootRotationTest.class, "--nodes", "4");
  private final Services services = new Services(cluster);

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  void aNewRootTakesOverWithoutAFailedRequest() throws IOException {
    services.create(
        "web",
        List.of("--replicas", "2", "-p", "8080:80", "--constraint", "node.hostname!=n3"),
        Cluster.pageServer(),
        "80");
    services.converged("web");
    String oldRoot = cluster.meshctl(List.of("swarm", "ca"));
    String oldToken = cluster.meshctl(List.of("swarm", "join-token", "-q", "worker"));
    assertTrue(oldRoot.startsWith("-----BEGIN CERTIFICATE-----"));
    leave("n4");
    cluster.stop("n3");
    Path answers = cluster.state().resolve("answers");
    Process load =
        cluster.background(
            answers,
            "client",
            "sh",
            "-c",
            "while :; do for n in 1 2; do curl -fs -o /dev/null -m 3 http://10.99.0.$n:8080/"
                + " && echo ok || echo failed; done; sleep 0.02; done");
    try {
      cluster.meshctl(List.of("swarm", "ca", "--rotate", "-d"));
      await()
          .atMost(SOON)
          .untilAsserted(() -> assertEquals(2, rotated(), "n1 and n2 have new certificates"));
      assertEquals("true", inProgress(), "n3 is away, and may come back");
      assertTrue(
          cluster
              .meshctl("n1", "swarm", "ca", "--rotate", "-d")
              .err()
              .contains("the swarm's CA is being replaced already"));
      assertEquals(oldToken, cluster.meshctl(List.of("swarm", "join-token", "-q", "worker")));
      cluster.meshctl("n4", "swarm", "join", "--token", oldToken, DOOR).orFail();
      await().atMost(SOON).untilAsserted(() -> assertEquals(3, rotated()));

      cluster.start("n3");
      await().atMost(SOON).untilAsserted(() -> assertEquals("false", inProgress()));
      await().atMost(SOON).untilAsserted(() -> assertEquals(4, rotated()));
      String newRoot = cluster.meshctl(List.of("swarm", "ca"));
      assertNotEquals(oldRoot, newRoot);
      for (String node : List.of("n1", "n2", "n3", "n4")) {
        await().atMost(SOON).untilAsserted(() -> assertShown(node, newRoot));
      }
      assertEquals(
          4,
          cluster
              .meshctl(List.of("node", "ls", "--format", "{{.Status}}"))
              .lines()
              .filter("Ready"::equals)
              .count());

      leave("n4");
      assertFalse(cluster.meshctl("n4", "swarm", "join", "--token", oldToken, DOOR).ok());
      String newToken = cluster.meshctl(List.of("swarm", "join-token", "-q", "worker"));
      cluster.meshctl("n4", "swarm", "join", "--token", newToken, DOOR).orFail();
    } finally {
      load.destroyForcibly();
    }
    List<String> lines = Files.readAllLines(answers);
    assertTrue(lines.size() > 100, lines.size() + " requests");
    assertEquals(0, lines.stream().filter("failed"::equals).count(), "of " + lines.size());

    // The same with a CA of the operator's own, and all its words.
    Path folder = cluster.state();
    cluster.sh(
        "client",
        "cd "
            + folder
            + " && openssl ecparam -name prime256v1 -genkey -noout -out own.key"
            + " && openssl req -x509 -new -key own.key -subj /CN=own-ca -days 3650 -out own.crt");
    String said =
        cluster.meshctl(
            List.of(
                "swarm",
                "ca",
                "--rotate",
                "--ca-cert",
                folder.resolve("own.crt").toString(),
                "--ca-key",
                folder.resolve("own.key").toString()));
    assertTrue(said.startsWith("desired root digest: sha256:"), said);
    assertTrue(said.contains("  rotated CA certificates:   4/4 nodes\n-----BEGIN"), said);
    String own = Files.readString(folder.resolve("own.crt")).strip();
    assertEquals(own, cluster.meshctl(List.of("swarm", "ca")));
    for (String node : List.of("n1", "n2", "n3", "n4")) {
      assertShown(node, own);
    }
    cluster.kill("n1");
    cluster.start("n1");
    cluster.meshctl(List.of("network", "create", "-d", "overlay", "after"));
    services.converged("web");
  }

  private void leave(String node) {
    cluster.meshctl(node, "swarm", "leave").orFail();
    await()
        .atMost(SOON)
        .until(
            () ->
                cluster
                    .meshctl(List.of("node", "ls", "--format", "{{.Hostname}} {{.Status}}"))
                    .contains(node + " Down"));
    cluster.meshctl(List.of("node", "rm", node));
  }

  private String inProgress() {
    return json("/swarm").contains("\"RootRotationInProgress\":true") ? "true" : "false";
  }

  private String json(String path) {
    return cluster.sh(
        "n1", "curl -s --unix-socket /run/meshd/meshd.sock http://meshd/v1.45" + path);
  }

  /** Nodes whose certificate is of the root that is wanted. */
  private long rotated() {
    String wanted = issuers("/swarm").getFirst();
    return issuers("/nodes").stream().filter(wanted::equals).count();
  }

  private List<String> issuers(String path) {
    return Pattern.compile("\"CertIssuerPublicKey\":\"([^\"]+)\"")
        .matcher(json(path))
        .results()
        .map(found -> found.group(1))
        .toList();
  }

  private void assertShown(String node, String root) throws IOException {
    Path file = cluster.state().resolve("root.crt");
    Files.writeString(file, root + "\n");
    String shown =
        cluster.sh(
            "client",
            "timeout 5 openssl s_client -CAfile "
                + file
                + " -connect "
                + Cluster.address(node)
                + ":2377 </dev/null 2>&1");
    assertTrue(shown.contains("Verify return code: 0 (ok)"), shown);
  }
}
