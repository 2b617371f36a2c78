package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.testcluster.peer.Crowd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The manager's :2377 with those in front of it who do not belong, and nodes that do. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileControlTest {
  private static final String DOOR = Cluster.address("n1") + ":2377";
  private static final String READY = "n1 Ready\nn2 Ready\nn3 Ready";

  /** A handshake record's head of TLS (RFC 8446, 5.1), and the first byte of what it promises. */
  private static final String BEGUN = "160301020001";

  private final Cluster cluster = Cluster.up(HostileControlTest.class);

  private final Services services = new Services(cluster);

  @AfterAll
  void down() {
    cluster.close();
  }

  private long counter(String name) {
    return cluster
        .meshctl(List.of("counters", "--format", "{{.Name}} {{.Value}}"))
        .lines()
        .filter(line -> line.startsWith("control.refused." + name + " "))
        .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(' ') + 1)))
        .sum();
  }

  /** Runs in the client's namespace, and must end by itself before long. */
  private String outside(String script) {
    CommandResult result = cluster.run("client", "timeout", "12", "bash", "-c", script);
    assertNotEquals(124, result.exitCode(), script + " was not ended");
    return result.out() + result.err();
  }

  private void assertCounted(String reason, String script) {
    long before = counter(reason);
    String said = outside(script);
    await()
        .atMost(Duration.ofSeconds(12))
        .untilAsserted(() -> assertTrue(counter(reason) > before, reason + ": " + said));
  }

  /** Sends the bytes and reads until the other side ends it. */
  private static String opened(String bytes) {
    return "exec 3<>/dev/tcp/" + DOOR.replace(':', '/') + "; printf '" + bytes + "' >&3; cat <&3";
  }

  @Test
  void whoDoesNotSpeakOurTlsIsRefusedAndCounted() {
    assertCounted("not-tls", "curl -s -m 10 http://" + DOOR + "/swarm");
    assertCounted("tls-malformed", opened("\\x16\\x03\\x01\\x00\\x05\\x01\\x00\\x00\\x01\\x4d"));
    assertCounted("handshake-slow", opened("\\x16\\x03"));
    assertCounted("tls-version", "openssl s_client -tls1_2 -connect " + DOOR + " </dev/null");
    assertCounted(
        "request-slow",
        "(printf 'GET /swarm HTTP'; sleep 8) | openssl s_client -quiet -connect " + DOOR);
    assertCounted(
        "certificate-foreign",
        "cd $(mktemp -d) && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
            + " -subj /O=x/OU=swarm-manager/CN=x -keyout k -out c -days 1 2>/dev/null"
            + " && openssl s_client -quiet -cert c -key k -connect "
            + DOOR
            + " </dev/null");
    // Without a certificate there is only joining.
    assertTrue(
        outside("curl -sk -m 10 https://" + DOOR + "/nodes")
            .contains("this call needs a certificate"));
  }

  @Test
  void nodesAreServedWhileTenThousandStandInTheDoor() throws IOException {
    long memory = residentKib();
    Path said = cluster.state().resolve("crowd");
    Process crowd = crowd(said, "client", 10_000, "");
    // From a worker's own machine too: its own connections are not taken for the crowd's.
    Process begun = crowd(cluster.state().resolve("crowd3"), "n3", 1_000, BEGUN);
    try {
      await().atMost(Duration.ofSeconds(40)).until(() -> Files.readString(said).contains("open"));
      // Watches, reports and heartbeats of both workers go on.
      services.create(
          "web", List.of("--mode", "global", "-p", "8080:80"), Cluster.pageServer(), "80");
      services.converged("web");
      for (int i = 0; i < 5; i++) {
        assertEquals(READY, nodes());
        cluster.meshctl("n2", "info").orFail();
      }
      cluster.meshctl(List.of("service", "rm", "web"));
      long strangers =
          Long.parseLong(
              cluster
                  .meshctl(List.of("counters", "--format", "{{.Name}} {{.Value}}"))
                  .lines()
                  .filter(line -> line.startsWith("control.strangers "))
                  .findFirst()
                  .orElseThrow()
                  .replaceAll("\\D+", ""));
      assertTrue(strangers <= 512, strangers + " strangers");
      assertTrue(crowd.isAlive() && begun.isAlive(), "the crowd is still there");
    } finally {
      crowd.destroyForcibly();
      begun.destroyForcibly();
    }
    assertTrue(counter("source-rate") + counter("source-crowd") > 5_000);
    long more = residentKib() - memory;
    assertTrue(more < 200 << 10, "the daemon has " + more + " KiB more");
    long lines =
        Files.readAllLines(cluster.state().resolve("n1/meshd.log")).stream()
            .filter(line -> line.contains("turned away"))
            .count();
    assertTrue(lines < 60, lines + " lines in the log");
  }

  private Process crowd(Path said, String node, int connections, String bytes) {
    String program =
        String.join(
            " ", Services.program(Crowd.class, Cluster.address("n1"), "2377", "" + connections));
    return cluster.background(
        said, node, "sh", "-c", "ulimit -n 20000; exec " + program + " '" + bytes + "' 60");
  }

  private String nodes() {
    return cluster.meshctl(List.of("node", "ls", "--format", "{{.Hostname}} {{.Status}}"));
  }

  private long residentKib() {
    return Long.parseLong(
        cluster
            .sh("n1", "awk '/VmRSS/ {print $2}' /proc/$(pgrep -f [i]o.meshd.daemon.Meshd)/status")
            .strip());
  }

  @Test
  void aFloodOfJoinsWithBadTokensLeavesFewLines() throws IOException {
    String good = cluster.meshctl(List.of("swarm", "join-token", "-q", "worker"));
    String bad = good.substring(0, good.length() - 25) + "0".repeat(25);
    long before = counter("token") + counter("source-rate");
    String call =
        "{\"token\":\"%s\",\"csr\":\"x\",\"availability\":\"active\",\"description\":{\"Hostname\":\"h\","
                .formatted(bad)
            + "\"Platform\":{\"Architecture\":\"x\",\"OS\":\"linux\"},\"Resources\":{\"NanoCPUs\":1,\"MemoryBytes\":1},"
            + "\"Engine\":{\"EngineVersion\":\"1\"}},\"controlPort\":2377}";
    Path body = cluster.state().resolve("join.json");
    Files.writeString(body, call);
    // Whoever is faster than a stranger may be gets no answer, and curl says so.
    String answers =
        cluster.sh(
            "client",
            "seq 400 | xargs -P 8 -I N curl -sk -m 10 -d @"
                + body
                + " https://"
                + DOOR
                + "/mesh/v1/agent/join; true");
    assertTrue(answers.contains("invalid join token"), answers);
    assertEquals(400, counter("token") + counter("source-rate") - before);
    long lines =
        Files.readAllLines(cluster.state().resolve("n1/meshd.log")).stream()
            .filter(line -> line.contains(" audit: refused ") && line.contains("verb=join"))
            .count();
    assertTrue(lines > 0 && lines < 40, lines + " lines");
    assertEquals(READY, nodes());
  }

  @Test
  void aNodeThatWasRemovedStaysOutAndItsOldTokenToo() {
    String first = cluster.meshctl(List.of("swarm", "join-token", "-q", "worker"));
    cluster.stop("n3");
    await().atMost(Duration.ofSeconds(20)).until(() -> nodes().contains("n3 Down"));
    cluster.meshctl(List.of("node", "rm", "n3"));
    cluster.meshctl(List.of("swarm", "join-token", "--rotate", "-q", "worker"));
    cluster.start("n3");
    // It has its certificate, and goes on asking.
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(
            () ->
                assertTrue(
                    cluster
                        .meshctl("n3", "info", "--format", "{{.Swarm.Error}}")
                        .orFail()
                        .endsWith(" was removed from swarm")));
    assertTrue(counter("not-a-member") > 0);
    cluster.meshctl("n3", "swarm", "leave").orFail();
    assertEquals(
        "Error response from daemon: invalid join token",
        cluster.meshctl("n3", "swarm", "join", "--token", first, DOOR).err());
    String second = cluster.meshctl(List.of("swarm", "join-token", "-q", "worker"));
    int digest = "SWMTKN-1-".length();
    String foreign = second.substring(0, digest) + "0".repeat(50) + second.substring(digest + 50);
    assertTrue(
        cluster
            .meshctl("n3", "swarm", "join", "--token", foreign, DOOR)
            .err()
            .contains("remote CA does not match fingerprint"));
    List<String> garbage =
        new ArrayList<>(List.of("", "SWMTKN-1-x-y", "SWMTKN-2-" + second.substring(digest)));
    for (String token : garbage) {
      assertEquals(
          "Error response from daemon: invalid join token",
          cluster.meshctl("n3", "swarm", "join", "--token", token, DOOR).err());
    }
    cluster.meshctl("n3", "swarm", "join", "--token", second, DOOR).orFail();
    await().atMost(Duration.ofSeconds(20)).until(() -> nodes().equals(READY));
  }
}
