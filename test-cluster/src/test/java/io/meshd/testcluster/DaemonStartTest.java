package io.meshd.testcluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** meshd as a process: how it begins, how it ends, and what it says when it cannot begin. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DaemonStartTest {
  private final Cluster cluster = Cluster.up(DaemonStartTest.class, "--nodes", "1", "--bare");

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  void anUnknownKeyInItsFileIsNamed() {
    cluster.sh("n1", "mkdir -p /etc/meshd && echo 'data-dri: /x' > /etc/meshd/meshd.yaml");
    try {
      assertFailsWith("data-dri", "timeout 20 meshd");
    } finally {
      cluster.sh("n1", "rm /etc/meshd/meshd.yaml");
    }
  }

  @Test
  void anUnknownFlagIsNamed() {
    assertFailsWith("--data-dri", "timeout 20 meshd --data-dri /x");
  }

  @Test
  void aMissingTunDeviceIsSaid() {
    assertFailsWith(
        "/dev/net/tun is missing: load the kernel module with modprobe tun",
        "unshare --mount sh -c 'mount -t tmpfs tmpfs /dev/net && exec timeout 20 meshd'");
  }

  @Test
  void aMissingCapabilityIsSaid() {
    assertFailsWith(
        "meshd lacks CAP_NET_ADMIN: run it as root or grant it these",
        "setpriv --bounding-set -net_admin --inh-caps -net_admin timeout 20 meshd");
  }

  @Test
  void onlyOneRunsOnANode() {
    cluster.start("n1");
    assertFailsWith("another meshd is running", "timeout 20 meshd");
    assertTrue(cluster.meshctl("n1", "info").ok(), "the first one goes on");
  }

  @Test
  void sigtermEndsItAndItsSocket() {
    cluster.start("n1");
    cluster.stop("n1");
    assertFalse(cluster.run("n1", "pgrep", "-f", "io.meshd.daemon.Meshd").ok());
    assertFalse(cluster.run("n1", "test", "-e", "/run/meshd/meshd.sock").ok());
  }

  @Test
  void aKilledOneStartsAgain() {
    cluster.start("n1");
    cluster.kill("n1");
    cluster.start("n1");
    assertTrue(cluster.meshctl("n1", "info").ok());
  }

  @Test
  void itsSocketIsForRootAndTheGroupMeshd() {
    cluster.stop("n1");
    cluster.sh(
        "n1",
        "getent group meshd || { groupadd meshd && useradd -G meshd alice && useradd -g meshd carol"
            + " && useradd bob; }");
    cluster.start("n1");
    assertEquals(
        "root meshd 660", cluster.sh("n1", "stat -c '%U %G %a' /run/meshd/meshd.sock").strip());
    // The checkout may be closed to them; the socket asks for more than the right to read.
    String as =
        "setpriv --reuid=%s --regid=$(id -g %1$s) --init-groups --inh-caps=+dac_read_search"
            + " --ambient-caps=+dac_read_search meshctl info";
    for (String member : List.of("root", "alice", "carol")) {
      cluster.sh("n1", as.formatted(member));
    }
    CommandResult refused = cluster.run("n1", "sh", "-c", as.formatted("bob"));
    assertEquals(1, refused.exitCode());
    assertEquals(
        "permission denied while trying to connect to the meshd daemon socket at"
            + " unix:///run/meshd/meshd.sock",
        refused.err().strip());
    cluster.sh("n1", "chmod 666 /run/meshd/meshd.sock");
    CommandResult known = cluster.run("n1", "sh", "-c", as.formatted("bob"));
    assertEquals(1, known.exitCode());
    assertEquals(
        refused.err().strip()
            + ": uid "
            + cluster.sh("n1", "id -u bob").strip()
            + " is neither root nor in the group meshd",
        known.err().strip());
    String counters = cluster.meshctl("n1", "counters").orFail();
    assertTrue(counters.matches("(?s).*api\\.socket\\.refused +1\\b.*"), counters);
  }

  /** One sentence on standard error and exit code 1. */
  private void assertFailsWith(String sentence, String command) {
    CommandResult result = cluster.run("n1", "sh", "-c", command);
    assertEquals(1, result.exitCode(), result.err());
    assertEquals(1, result.err().lines().count(), result.err());
    assertTrue(result.err().contains(sentence), result.err());
  }
}
