package io.meshd.testcluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whatever happened to a cluster, {@code down} leaves the host as it was. */
class DownTest {

  /**
   * In the name of everything that is made here, so that other runs on the machine do not count.
   */
  private static final String MINE = "tap" + ProcessHandle.current().pid();

  @Test
  void nothingIsLeftBehindAfterACrash() throws IOException {
    Path state;
    try (Cluster cluster = Cluster.up(DownTest.class, "--nodes", "2", "--bare")) {
      state = cluster.state();
      // What a task leaves when everything that knew of it is gone.
      cluster.sh(
          "n1",
          "ip netns add %1$s && ip tuntap add dev %1$s mode tap && ip link set %1$s netns %1$s"
                  .formatted(MINE)
              + " && mkdir -p /sys/fs/cgroup/x/%s".formatted(MINE)
              + " && (setsid ip netns exec %1$s sh -c 'sleep 1000000; : %1$s' </dev/null >/dev/null 2>&1 &)"
                  .formatted(MINE));
      assertFalse(host(state).isEmpty(), "the cluster can be seen while it is up");
      // The record of one holder is lost.
      Files.delete(state.resolve("n2/holder"));
    }
    assertFalse(Files.exists(state));
    assertEquals(List.of(), host(state));
  }

  /** Devices, namespaces, mounts, cgroups and processes of this test, as the host sees them. */
  private static List<String> host(Path state) throws IOException {
    String look =
        "{ ip -o link; ip netns; cat /proc/self/mountinfo; find /sys/fs/cgroup -type d;"
            + " ps axww -o args; }";
    Process process = new ProcessBuilder("sh", "-c", look).redirectErrorStream(true).start();
    return process
        .inputReader()
        .lines()
        .filter(line -> line.contains(MINE) || line.contains(state.toString()))
        .toList();
  }
}
