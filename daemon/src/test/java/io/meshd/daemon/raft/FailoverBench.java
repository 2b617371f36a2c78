package io.meshd.daemon.raft;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How long there is no leader, and no change is possible, after a leader vanished. By hand: {@code
 * java ... FailoverBench ROUNDS}.
 */
final class FailoverBench {
  private FailoverBench() {}

  public static void main(String[] args) throws Exception {
    Path root = Files.createTempDirectory("failover");
    List<Long> elected = new ArrayList<>();
    List<Long> proposed = new ArrayList<>();
    try (Managers managers = new Managers(root).begin("n1", "n2", "n3")) {
      for (int round = 0; round < Integer.parseInt(args[0]); round++) {
        String leader = managers.awaitLeader();
        String other = managers.follower();
        managers.propose(other, "before " + round);
        long begin = System.nanoTime();
        // As kill -9 leaves it: nobody answers there, and nothing is said any more.
        managers.network.vanish(leader);
        var proposal =
            managers.log(other).propose(("after " + round).getBytes(StandardCharsets.UTF_8));
        while (leads(managers, leader) == null) {
          TimeUnit.MILLISECONDS.sleep(1);
        }
        elected.add(Duration.ofNanos(System.nanoTime() - begin).toMillis());
        proposal.get(20, TimeUnit.SECONDS);
        proposed.add(Duration.ofNanos(System.nanoTime() - begin).toMillis());
        managers.network.appear(leader);
        managers.log(leader).catchUp().get(20, TimeUnit.SECONDS);
      }
    }
    print("new leader", elected);
    print("first change", proposed);
  }

  private static @Nullable String leads(Managers managers, String except) {
    for (String node : managers.nodes()) {
      if (!node.equals(except) && managers.log(node).isLeader()) {
        return node;
      }
    }
    return null;
  }

  private static void print(String what, List<Long> millis) {
    Collections.sort(millis);
    System.out.printf(
        "%s: %d rounds, p50 %d ms, p95 %d ms, worst %d ms%n",
        what,
        millis.size(),
        millis.get(millis.size() / 2),
        millis.get((int) (millis.size() * 0.95)),
        millis.getLast());
  }
}
