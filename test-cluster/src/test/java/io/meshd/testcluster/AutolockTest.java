package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** Three managers that are locked when they start, and what whoever steals a disk finds on it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(OrderAnnotation.class)
class AutolockTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final List<String> NODES = List.of("n1", "n2", "n3");
  private static final String DATA = "/var/lib/meshd";
  private static final int PORT = 8080;
  private static final String DAEMON = "Error response from daemon: ";
  private static final String LOCKED =
      DAEMON
          + "Swarm is encrypted and needs to be unlocked before it can be used. Please use \"docker"
          + " swarm unlock\" to unlock it.";
  private static final String INSTRUCTIONS =
      """
      To unlock a swarm manager after it restarts, run the `meshctl swarm unlock`
      command and provide the following key:

          %s

      Remember to store this key in a password manager, since without it you
      will not be able to restart the manager.""";

  private final Cluster cluster =
      Cluster.up(AutolockTest.class, "--managers", "3", "--init", "--autolock");
  private final Services services = new Services(cluster);

  @AfterAll
  void down() {
    cluster.close();
  }

  private String key() {
    return cluster.meshctl(List.of("swarm", "unlock-key", "-q"));
  }

  private CommandResult unlock(String node, String key) {
    return cluster.run(node, "sh", "-c", "echo '" + key + "' | meshctl swarm unlock");
  }

  private String stateOf(String node) {
    return cluster.meshctl(node, "info", "--format", "{{.Swarm.LocalNodeState}}").out();
  }

  private void restart(String node) {
    cluster.kill(node);
    cluster.start(node);
  }

  private void manages(String node) {
    await()
        .alias(node + " manages")
        .atMost(PATIENCE)
        .until(
            () ->
                cluster
                    .meshctl(node, "node", "ls", "--format", "{{.Hostname}}={{.ManagerStatus}}")
                    .out()
                    .lines()
                    .anyMatch(line -> line.matches(node + "=(Leader|Reachable)")));
  }

  /** Files below a folder that contain one of these. */
  private String holding(String node, String folder, List<String> texts) {
    StringBuilder patterns = new StringBuilder();
    texts.forEach(text -> patterns.append(" -e '").append(text).append("'"));
    return cluster.sh(node, "grep -rlaF" + patterns + " " + folder + " 2>/dev/null || true");
  }

  private void keysAre(String node, boolean inClear) {
    await()
        .alias("the keys of " + node + " in clear: " + inClear)
        .atMost(PATIENCE)
        .until(() -> holding(node, DATA, List.of("PRIVATE KEY")).isEmpty() != inClear);
  }

  @Test
  @Order(1)
  void noSecretOfTheClusterIsOnADisk() throws IOException {
    services.create(
        "web", List.of("--mode", "global", "-p", PORT + ":80"), Cluster.pageServer(), "80");
    List<String> secrets = new ArrayList<>(List.of("PRIVATE KEY", key()));
    for (String role : List.of("worker", "manager")) {
      String token = cluster.meshctl(List.of("swarm", "join-token", "-q", role));
      secrets.add(token.substring(token.lastIndexOf('-') + 1));
    }
    JsonNode rings = Json.MAPPER.readTree(cluster.sh("n1", "cat /run/meshd/state.keys"));
    assertEquals(1, rings.path("gossip").size(), rings.toString());
    rings.forEach(ring -> ring.forEach(each -> secrets.add(each.asText())));
    assertEquals(6, secrets.size());
    // They would be found.
    assertFalse(holding("n1", "/run/meshd", secrets).isEmpty());
    for (String node : NODES) {
      keysAre(node, false);
      assertEquals("", holding(node, DATA, secrets), node);
    }
  }

  @Test
  @Order(2)
  void aManagerIsLockedWhenItStartsAndItsNodeWorksOn() {
    String key = key();
    restart("n3");
    assertEquals("locked", stateOf("n3"));
    String info = cluster.meshctl("n3", "info").orFail();
    assertTrue(info.contains("Swarm: locked") && !info.contains("NodeID"), info);
    for (String command :
        List.of(
            "node ls",
            "service ls",
            "swarm join-token worker",
            "network create --driver overlay no",
            "swarm unlock-key",
            "swarm init --force-new-cluster")) {
      String said = cluster.meshctl("n3", command.split(" ")).err();
      assertEquals(
          (command.equals("swarm unlock-key") ? "could not fetch unlock key: " : "") + LOCKED,
          said,
          command);
    }
    assertEquals(
        DAEMON
            + "Swarm is encrypted and locked. Please unlock it first or use `--force` to ignore"
            + " this message.",
        cluster.meshctl("n3", "swarm", "leave").err());
    await().atMost(PATIENCE).until(() -> !cluster.page("n3", PORT).isEmpty());
    for (int request = 0; request < 30; request++) {
      assertFalse(cluster.page("n3", PORT).isEmpty(), "request " + request);
      assertFalse(cluster.page("n1", PORT).isEmpty(), "request " + request);
    }
    assertEquals(DAEMON + "invalid key string", unlock("n3", "SWMKEY-2-xyz").err());
    String other = "SWMKEY-1-" + "A".repeat(43);
    assertEquals(
        DAEMON + "swarm could not be unlocked: invalid key provided", unlock("n3", other).err());
    assertEquals("locked", stateOf("n3"));
    assertEquals("", unlock("n3", key).orFail());
    manages("n3");
    assertEquals("Error: swarm is not locked", unlock("n3", key).err());
    assertFalse(cluster.page("n3", PORT).isEmpty());
  }

  @Test
  @Order(3)
  void aManagerThatWasAwayOpensWithTheKeyOfItsTime() {
    String old = key();
    cluster.kill("n2");
    String said = cluster.meshctl("n1", "swarm", "unlock-key", "--rotate").orFail();
    String key = key();
    assertNotEquals(old, key);
    assertEquals("Successfully rotated manager unlock key.\n" + INSTRUCTIONS.formatted(key), said);
    assertEquals(INSTRUCTIONS.formatted(key), cluster.meshctl("n3", "swarm", "unlock-key").out());
    cluster.start("n2");
    assertEquals(
        DAEMON + "swarm could not be unlocked: invalid key provided", unlock("n2", key).err());
    String sealed = cluster.sh("n2", "sed -n 2p " + DATA + "/node.pem");
    unlock("n2", old).orFail();
    manages("n2");
    // Once it has followed, the old one is worth nothing there either.
    await()
        .atMost(PATIENCE)
        .until(() -> holding("n2", DATA + "/node.pem", List.of(sealed)).isEmpty());
    restart("n2");
    assertFalse(unlock("n2", old).ok());
    unlock("n2", key).orFail();
    manages("n2");
  }

  @Test
  @Order(4)
  void withoutTheLockAManagerStartsByItself() {
    String before = key();
    assertEquals("Swarm updated.", cluster.meshctl(List.of("swarm", "update", "--autolock=false")));
    NODES.forEach(node -> keysAre(node, true));
    assertEquals("no unlock key is set", cluster.meshctl("n1", "swarm", "unlock-key").err());
    restart("n3");
    assertEquals("active", stateOf("n3"));
    manages("n3");
    String said = cluster.meshctl(List.of("swarm", "update", "--autolock=true"));
    assertNotEquals(before, key());
    assertEquals("Swarm updated.\n" + INSTRUCTIONS.formatted(key()), said);
    NODES.forEach(node -> keysAre(node, false));
  }

  @Test
  @Order(5)
  void aWorkerIsNotLockedAndALockedManagerCanLeave() {
    manages("n3");
    cluster.meshctl(List.of("node", "demote", "n3"));
    keysAre("n3", true);
    cluster.meshctl(List.of("node", "promote", "n3"));
    keysAre("n3", false);
    manages("n3");
    restart("n3");
    assertEquals("locked", stateOf("n3"));
    assertEquals("Node left the swarm.", cluster.meshctl("n3", "swarm", "leave", "--force").out());
    assertEquals("inactive", stateOf("n3"));
    assertEquals("", holding("n3", DATA, List.of("PRIVATE KEY", "LOCKED KEYS")));
  }
}
