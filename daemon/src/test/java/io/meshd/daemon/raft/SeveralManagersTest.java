package io.meshd.daemon.raft;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
final class SeveralManagersTest {
  @TempDir Path root;

  @Test
  void oneBecomesThreeAndEachHasEverything() throws Exception {
    try (Managers managers = new Managers(root)) {
      managers.open("n1", new AtomixLog.Start.First());
      managers.proposeAll("n1", "a", 50);
      managers.join("n2");
      assertEquals(50, managers.machine("n2").entries().size());
      managers.proposeAll("n2", "b", 50);
      managers.join("n3");
      assertEquals(100, managers.machine("n3").entries().size());
      assertEquals("101", managers.propose("n3", "last"));
      for (String node : managers.nodes()) {
        managers.log(node).catchUp().get(5, TimeUnit.SECONDS);
        assertEquals(
            managers.machine("n1").entries(), managers.machine(node).entries(), "on " + node);
        assertEquals(3, managers.log(node).members().size());
        assertEquals(managers.log("n1").member(), managers.log(node).leader());
      }
      await().untilAsserted(() -> assertFalse(managers.log("n1").reachable().containsValue(false)));
      assertEquals(3, managers.log("n1").reachable().size());
    }
  }

  @Test
  void anotherLeadsAfterTheLeaderStopped() throws Exception {
    try (Managers managers = new Managers(root).begin("n1", "n2", "n3")) {
      managers.proposeAll("n2", "a", 10);
      managers.stop("n1");
      String leader = managers.awaitLeader();
      assertNotEquals("n1", leader);
      assertEquals("11", managers.propose("n2", "b"));
      assertEquals("12", managers.propose("n3", "c"));
      managers.again("n1");
      managers.log("n1").catchUp().get(10, TimeUnit.SECONDS);
      assertEquals(managers.machine("n2").entries(), managers.machine("n1").entries());
    }
  }

  @Test
  void anOrderedStopLeavesNoGap() throws Exception {
    try (Managers managers = new Managers(root).begin("n1", "n2", "n3")) {
      managers.propose("n2", "a");
      long begin = System.nanoTime();
      managers.log("n1").stepDown().get(10, TimeUnit.SECONDS);
      assertEquals("2", managers.propose("n2", "b"));
      long millis = Duration.ofNanos(System.nanoTime() - begin).toMillis();
      assertTrue(millis < 800, "an election timeout is 800 ms; it took " + millis);
      await().until(() -> !managers.log("n1").isLeader());
    }
  }

  @Test
  void returnsAndSaysThatThereIsNoLeaderWhileItIsAlone() throws Exception {
    try (Managers managers = new Managers(root).begin("n1", "n2", "n3")) {
      managers.propose("n1", "a");
      managers.nodes().forEach(managers::stop);
      managers.again("n2");
      assertEquals(null, managers.log("n2").leader());
      ExecutionException none =
          assertThrows(
              ExecutionException.class,
              () -> managers.log("n2").catchUp().get(15, TimeUnit.SECONDS));
      assertInstanceOf(ReplicatedLog.NoLeaderException.class, none.getCause());
      managers.again("n3");
      assertEquals("2", managers.propose("n2", "b"));
    }
  }

  @Test
  void aRemovedMemberLearnsItAndTheOthersGoOn() throws Exception {
    try (Managers managers = new Managers(root).begin("n1", "n2", "n3")) {
      CountDownLatch removed = new CountDownLatch(1);
      managers.log("n3").onRemoved(removed::countDown);
      managers.log("n2").remove(managers.log("n3").member()).get(10, TimeUnit.SECONDS);
      assertTrue(removed.await(10, TimeUnit.SECONDS));
      managers.stop("n3");
      await().until(() -> managers.log("n2").members().size() == 2);
      assertEquals("1", managers.propose("n2", "a"));
    }
  }

  /** Each is told to at once, as by one command with several names. */
  @Test
  void manyJoinAtOnceAndNoneIsForgotten() throws Exception {
    try (Managers managers = new Managers(root).begin("n1")) {
      for (List<String> nodes : List.of(List.of("n2", "n3"), List.of("n4", "n5", "n6", "n7"))) {
        CountDownLatch go = new CountDownLatch(1);
        List<CompletableFuture<Void>> joined = new ArrayList<>();
        for (String node : nodes) {
          joined.add(
              CompletableFuture.runAsync(
                  () -> {
                    try {
                      go.await();
                      managers.join(node);
                    } catch (IOException | InterruptedException e) {
                      throw new CompletionException(e);
                    }
                  },
                  Thread.ofVirtual()::start));
        }
        go.countDown();
        for (CompletableFuture<Void> each : joined) {
          each.get(20, TimeUnit.SECONDS);
        }
      }
      assertEquals(7, managers.log("n1").members().size());
      assertEquals("1", managers.propose("n7", "a"));
    }
  }

  @Test
  void aDeadMemberIsRemovedAndOneThatIsNeededIsNot() throws Exception {
    try (Managers managers = new Managers(root).begin("n1", "n2", "n3")) {
      String n2 = managers.log("n2").member();
      String n3 = managers.log("n3").member();
      managers.stop("n3");
      await().until(() -> Boolean.FALSE.equals(managers.log("n1").reachable().get(n3)));
      ExecutionException refused =
          assertThrows(
              ExecutionException.class,
              () -> managers.log("n1").remove(n2).get(10, TimeUnit.SECONDS));
      assertTrue(refused.toString().endsWith(Membership.LOSES_QUORUM), refused.toString());
      managers.log("n1").remove(n3).get(10, TimeUnit.SECONDS);
      // As by one who never heard the answer.
      managers.log("n1").remove(n3).get(10, TimeUnit.SECONDS);
      assertEquals(List.of(managers.log("n1").member(), n2), managers.log("n1").members());
      managers.log("n1").remove(n2).get(10, TimeUnit.SECONDS);
      managers.stop("n2");
      assertEquals("1", managers.propose("n1", "alone"));
    }
  }

  @Test
  void aMemberThatWasAwayForLongIsServedAtOnceWhenItIsBack() throws Exception {
    try (Managers managers = new Managers(root).begin("n1", "n2", "n3")) {
      managers.network.vanish("n3");
      long back = System.nanoTime() + Duration.ofSeconds(8).toNanos();
      while (System.nanoTime() < back) {
        managers.propose("n1", "meanwhile");
      }
      managers.network.appear("n3");
      managers.log("n3").catchUp().get(3, TimeUnit.SECONDS);
      assertEquals(managers.machine("n1").entries(), managers.machine("n3").entries());
    }
  }

  @Test
  void theLeaderTakesItselfOut() throws Exception {
    try (Managers managers = new Managers(root).begin("n1", "n2", "n3")) {
      managers.propose("n1", "a");
      managers.log("n1").remove(managers.log("n1").member()).get(10, TimeUnit.SECONDS);
      managers.stop("n1");
      assertEquals("2", managers.propose("n2", "b"));
      assertEquals(2, managers.log("n2").members().size());
    }
  }

  @Test
  void theOldLeaderAndTheNewOneTakeTheSameMemberOut() throws Exception {
    try (Managers managers = new Managers(root).begin("n1", "n2", "n3")) {
      String n1 = managers.log("n1").member();
      var asked = managers.log("n1").remove(n1);
      await()
          .pollInterval(Duration.ofMillis(1))
          .until(() -> managers.log("n2").isLeader() || managers.log("n3").isLeader());
      String leader = managers.log("n2").isLeader() ? "n2" : "n3";
      String other = leader.equals("n2") ? "n3" : "n2";
      managers.log(leader).remove(n1).get(5, TimeUnit.SECONDS);
      // Of a member that is none any more, the answer is the same.
      managers.log(leader).remove(n1).get(2, TimeUnit.SECONDS);
      managers.log(leader).remove(managers.log(other).member()).get(5, TimeUnit.SECONDS);
      assertEquals("1", managers.propose(leader, "alone"));
      assertTrue(managers.log(leader).isLeader());
      asked.get(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void oneOfThreeGoesOnAloneWithAllItHad() throws Exception {
    try (Managers managers = new Managers(root).begin("n1", "n2", "n3")) {
      managers.proposeAll("n2", "a", 20);
      managers.log("n3").catchUp().get(5, TimeUnit.SECONDS);
      String before = managers.log("n3").member();
      managers.nodes().forEach(managers::stop);
      String name = AtomixLog.forceAlone(managers.folder("n3"), managers.keysOf("n3"));
      assertNotEquals(before, name);
      managers.again("n3");
      assertTrue(managers.log("n3").isLeader());
      assertEquals(List.of(name), managers.log("n3").members());
      assertEquals("21", managers.propose("n3", "b"));
      // The others still believe in three, and find two of them: they do not reach the third.
      managers.again("n1");
      managers.again("n2");
      managers.propose("n1", "other");
      assertEquals("22", managers.propose("n3", "c"));
      assertEquals(List.of(name), managers.log("n3").members());
    }
  }
}
