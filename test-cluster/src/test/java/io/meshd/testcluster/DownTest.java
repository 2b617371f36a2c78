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

  @Test
  void nothingIsLeftBehindAfterACrash() throws IOException {
    List<String> before = host();
    Path state;
    try (Cluster cluster = Cluster.up(DownTest.class, "--nodes", "2", "--bare")) {
      state = cluster.state();
      // What a task leaves when everything that knew of it is gone.
      cluster.sh(
          "n1",
          "ip netns add task && ip tuntap add dev tap9 mode tap && ip link set tap9 netns task"
              + " && mkdir -p /sys/fs/cgroup/x/y"
              + " && (setsid ip netns exec task sleep 4242424 </dev/null >/dev/null 2>&1 &)");
      // The record of one holder is lost.
      Files.delete(state.resolve("n2/holder"));
    }
    assertFalse(Files.exists(state));
    assertEquals(before, host());
  }

  /** Devices, namespaces, mounts, cgroups and holders, as the host sees them. */
  private static List<String> host() throws IOException {
    Process process =
        new ProcessBuilder(
                "sh",
                "-c",
                "ip -o link | sed 's/^[0-9]*: //; s/[@:].*//'; ip netns;"
                    + " cut -d' ' -f4- /proc/self/mountinfo | sort;"
                    + " find /sys/fs/cgroup -name 'meshd-cluster-*' | wc -l;"
                    + " pgrep -fx 'sleep 4242424'")
            .redirectErrorStream(true)
            .start();
    return process.inputReader().lines().toList();
  }
}
