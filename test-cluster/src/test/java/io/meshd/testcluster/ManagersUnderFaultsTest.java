package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/**
 * Managers keep their word whatever happens to them. {@code -Dmeshd.rounds=N} is for more rounds,
 * {@code -Dmeshd.seed=S} for another schedule, and {@code -Dmeshd.managers=M} for another number of
 * managers.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 2, unit = TimeUnit.HOURS) // a hundred rounds take half an hour
class ManagersUnderFaultsTest {
  private static final int ROUNDS = Integer.getInteger("meshd.rounds", 4);

  /**
   * Its first four: a leader that is not heard, a full disk, the end of all at once, a frozen
   * leader.
   */
  private static final long SEED = Long.getLong("meshd.seed", 1823);

  private static final int MANAGERS = Integer.getInteger("meshd.managers", 3);
  private static final int NODES = Math.max(3, MANAGERS);
  private static final Duration BACK = Duration.ofSeconds(60);

  private final Cluster cluster =
      Cluster.up(
          ManagersUnderFaultsTest.class,
          "--nodes",
          "" + NODES,
          "--managers",
          "" + MANAGERS,
          "--disk",
          "128",
          "--env",
          Nemesis.CLOCK);

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  void whatWasAcknowledgedIsThereOnceAndInOrder() throws Exception {
    List<String> nodes = names(NODES);
    List<String> managers = names(MANAGERS);
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", Writers.NETWORK));
    Writers writers = new Writers(cluster.state());
    Map<String, Double> pauses = new TreeMap<>();
    try (writers) {
      writers.start(managers, 6 / MANAGERS, SEED);
      Nemesis nemesis = new Nemesis(cluster, managers, nodes, SEED);
      awaitMore(writers, "the beginning");
      writers.longestPause();
      for (int round = 1; round <= ROUNDS; round++) {
        String what = nemesis.round();
        long over = System.nanoTime();
        awaitMore(writers, what);
        double after = (System.nanoTime() - over) / 1e9;
        double pause = writers.longestPause().toMillis() / 1e3;
        pauses.merge(what.split(" ", 2)[0], pause, Math::max);
        System.out.printf(
            "round %d of seed %d: %s; ten writes %.1f s after its end, longest pause %.1f s%n",
            round, SEED, what, after, pause);
        assertEquals(List.of(), writers.violations(), what);
      }
    }
    NodeApi.awaitSameState(cluster.state(), managers, Duration.ofSeconds(30));
    managers.forEach(writers::lookOnce);
    System.out.println(writers);
    pauses.forEach((fault, pause) -> System.out.printf("%s: %.1f s at most%n", fault, pause));
    assertEquals(List.of(), writers.violations());
  }

  private static List<String> names(int count) {
    List<String> names = new ArrayList<>();
    for (int i = 1; i <= count; i++) {
      names.add("n" + i);
    }
    return names;
  }

  private static void awaitMore(Writers writers, String after) {
    long before = writers.acknowledged();
    await()
        .alias("writes after " + after)
        .atMost(BACK)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> writers.acknowledged() >= before + 10);
  }
}
