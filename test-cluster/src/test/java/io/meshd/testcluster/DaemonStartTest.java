package io.meshd.testcluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

  /** One sentence on standard error and exit code 1. */
  private void assertFailsWith(String sentence, String command) {
    CommandResult result = cluster.run("n1", "sh", "-c", command);
    assertEquals(1, result.exitCode(), result.err());
    assertEquals(1, result.err().lines().count(), result.err());
    assertTrue(result.err().contains(sentence), result.err());
  }
}
