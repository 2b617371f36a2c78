package io.meshd.daemon.raft;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
final class PartitionTest {
  @TempDir Path root;

  @Test
  void aLeaderThatIsCutOffAnswersNothingStale() throws Exception {
    try (Managers managers = new Managers(root).begin("n1", "n2", "n3")) {
      managers.propose("n1", "a");
      managers.network.isolate("n1");
      // At once: it still believes that it leads.
      CompletableFuture<Void> read = managers.log("n1").catchUp();
      await()
          .atMost(Duration.ofSeconds(10))
          .until(() -> managers.log("n2").isLeader() || managers.log("n3").isLeader());
      managers.propose("n2", "b");
      ExecutionException stale =
          assertThrows(ExecutionException.class, () -> read.get(15, TimeUnit.SECONDS));
      assertInstanceOf(ReplicatedLog.NoLeaderException.class, stale.getCause());
      assertFalse(managers.log("n1").isLeader());
      managers.network.heal();
      await()
          .atMost(Duration.ofSeconds(10))
          .untilAsserted(() -> managers.log("n1").catchUp().get(5, TimeUnit.SECONDS));
      assertEquals(List.of("a", "b"), managers.machine("n1").entries());
    }
  }

  /** PreVote: whoever comes back, or hears nothing, unseats nobody. */
  @Test
  void aMemberThatHearsNothingDisturbsNobody() throws Exception {
    try (Managers managers = new Managers(root).begin("n1", "n2", "n3")) {
      AtomicInteger changes = new AtomicInteger();
      managers.log("n1").onRole(leads -> changes.incrementAndGet());
      await().until(() -> changes.get() == 1);
      // One way: what n3 says arrives, what the others say does not.
      managers.network.cut("n1", "n3");
      managers.network.cut("n2", "n3");
      writeFor(managers, Duration.ofSeconds(4));
      managers.network.heal();
      writeFor(managers, Duration.ofSeconds(2));
      // Only the leader is not heard, both others see one another.
      managers.network.cut("n1", "n3");
      writeFor(managers, Duration.ofSeconds(4));
      managers.network.heal();
      managers.network.isolate("n3");
      writeFor(managers, Duration.ofSeconds(4));
      managers.network.heal();
      writeFor(managers, Duration.ofSeconds(2));
      assertTrue(managers.log("n1").isLeader());
      assertEquals(1, changes.get(), "the leader changed");
      await()
          .atMost(Duration.ofSeconds(10))
          .untilAsserted(
              () ->
                  assertEquals(managers.machine("n1").entries(), managers.machine("n3").entries()));
    }
  }

  private static void writeFor(Managers managers, Duration time) throws Exception {
    long end = System.nanoTime() + time.toNanos();
    while (System.nanoTime() - end < 0) {
      managers.propose("n2", "w");
    }
  }

  @Test
  void aFollowerThatWasFarBehindGetsASnapshotOfSeveralMegabytes() throws Exception {
    try (Managers managers = new Managers(root).segments(1 << 18).begin("n1", "n2", "n3")) {
      managers.propose("n1", "first");
      managers.stop("n3");
      String filler = "x".repeat(20_000);
      for (int batch = 0; batch < 10; batch++) {
        List<CompletableFuture<byte[]>> answers = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
          answers.add(managers.log("n2").propose((batch + ":" + i + filler).getBytes(UTF_8)));
        }
        for (CompletableFuture<byte[]> answer : answers) {
          answer.get(20, TimeUnit.SECONDS);
        }
      }
      await()
          .atMost(Duration.ofSeconds(60))
          .until(
              () ->
                  Damage.all(managers.folder("n1"), "*.log").size() < 4
                      && Damage.all(managers.folder("n2"), "*.log").size() < 4);
      managers.again("n3");
      managers.log("n3").catchUp().get(15, TimeUnit.SECONDS);
      await()
          .atMost(Duration.ofSeconds(10))
          .untilAsserted(
              () ->
                  assertEquals(managers.machine("n1").entries(), managers.machine("n3").entries()));
      managers.stop("n1");
      managers.propose("n3", "last");
      // And again from its own disk.
      managers.stop("n3");
      managers.again("n3");
      managers.log("n3").catchUp().get(15, TimeUnit.SECONDS);
      assertEquals(managers.machine("n2").entries(), managers.machine("n3").entries());
    }
  }
}
