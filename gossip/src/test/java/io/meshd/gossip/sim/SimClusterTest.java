package io.meshd.gossip.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.gossip.membership.Peer;
import io.meshd.gossip.protocol.GossipCounter;
import io.meshd.gossip.protocol.GossipNode;
import io.meshd.gossip.wire.Address;
import io.meshd.gossip.wire.Message.Suspect;
import io.meshd.gossip.wire.PushPull.Liveness;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Members of a simulated cluster find, miss and forgive each other. */
class SimClusterTest {
  @Test
  void tenFindEachOtherThroughOneSeed() {
    SimCluster cluster = SimCluster.joined(10, 1);
    assertTrue(cluster.converges(10, Duration.ofSeconds(2)));
    cluster.run(Duration.ofMinutes(2));
    for (int i = 0; i < 10; i++) {
      assertEquals(List.of(), cluster.watch(i).seen);
    }
    assertEquals(0, cluster.sum(GossipCounter.PROBES_LATE));
  }

  @Test
  void manyThatStartAtOnceFindEachOtherThroughOneSeed() {
    SimCluster cluster = SimCluster.joined(200, 2);
    assertTrue(cluster.converges(200, Duration.ofSeconds(20)));
  }

  @Test
  void aThousandHearOfANewMemberAtOnceAndOfADeadOneInTheTimeOfTheFormula() {
    SimCluster cluster = SimCluster.whole(1_000, 2);
    cluster.run(Duration.ofSeconds(2));
    cluster.add().start();
    assertTrue(cluster.converges(1_001, Duration.ofMillis(800)));
    cluster.machine(123).kill();
    assertFalse(cluster.converges(1_000, Duration.ofSeconds(12), i -> i == 123), "too early");
    assertTrue(cluster.converges(1_000, Duration.ofSeconds(8), i -> i == 123), "too late");
  }

  @Test
  void aKilledMemberIsDeadEverywhereInTheTimeOfTheFormula() {
    SimCluster cluster = SimCluster.whole(100, 3);
    cluster.run(Duration.ofSeconds(5));
    cluster.machine(7).kill();
    assertFalse(cluster.converges(99, Duration.ofSeconds(8), i -> i == 7), "too early");
    assertTrue(cluster.converges(99, Duration.ofSeconds(8), i -> i == 7), "too late");
    for (int i = 0; i < 100; i++) {
      assertTrue(cluster.watch(i).seen.stream().allMatch(line -> line.contains("n00007")));
    }
  }

  @Test
  void whoLeavesIsLeftAndNotDead() {
    SimCluster cluster = SimCluster.whole(20, 4);
    boolean[] gone = {false};
    cluster.node(5).leave(() -> gone[0] = true);
    assertTrue(
        cluster.everywhere(
            SimCluster.sees("n00005", Liveness.LEFT), i -> i == 5, Duration.ofSeconds(4)));
    assertTrue(cluster.network().time().runUntil(() -> gone[0], Duration.ofSeconds(4)));
    cluster.run(Duration.ofMinutes(1));
    assertFalse(cluster.watch(0).saw("DEAD") || cluster.watch(0).saw("SUSPECT"));
    assertEquals(19, cluster.node(0).members().living());
  }

  @Test
  void whoWasKilledComesBackAtItsFirstIncarnation() {
    SimCluster cluster = SimCluster.whole(10, 5);
    cluster.machine(3).kill();
    assertTrue(cluster.converges(9, Duration.ofSeconds(20), i -> i == 3));
    cluster.restart(3);
    assertTrue(cluster.converges(10, Duration.ofSeconds(1)));
    assertTrue(cluster.node(3).members().self().incarnation() > 1);
  }

  @Test
  void aRestartThatNobodyNoticedIsNoFailure() {
    SimCluster cluster = SimCluster.whole(10, 6);
    cluster.machine(3).kill();
    cluster.run(Duration.ofMillis(300));
    cluster.restart(3);
    assertTrue(cluster.converges(10, Duration.ofSeconds(5)));
    cluster.run(Duration.ofSeconds(30));
    assertFalse(cluster.watch(0).saw("DEAD"));
    assertEquals(10, cluster.node(3).members().living());
  }

  @Test
  void aPausedMemberIsDeadAndLivesAgain() {
    SimCluster cluster = SimCluster.whole(10, 7);
    cluster.machine(4).pause();
    assertTrue(cluster.converges(9, Duration.ofSeconds(20), i -> i == 4));
    cluster.run(Duration.ofSeconds(20));
    cluster.machine(4).resume();
    assertTrue(cluster.converges(10, Duration.ofSeconds(10)));
  }

  @Test
  void theHalvesOfASplitFindEachOtherInSeconds() {
    for (int seconds : new int[] {10, 30, 300}) {
      SimCluster cluster = SimCluster.whole(40, 8 + seconds);
      Runnable heal = cluster.network().cut((from, to) -> left(from) != left(to));
      cluster.run(Duration.ofSeconds(seconds));
      assertTrue(seconds < 30 || cluster.node(0).members().living() == 20);
      heal.run();
      assertTrue(cluster.converges(40, Duration.ofSeconds(5)), "after " + seconds + " s");
    }
  }

  private static boolean left(Address address) {
    return (address.ip().toArray()[3] & 1) == 0;
  }

  @Test
  void whoIsHeardButHearsNothingIsNotDead() {
    SimCluster cluster = SimCluster.whole(10, 9);
    Address deaf = cluster.machine(2).address();
    // Only from one member: the others vouch for it.
    Address other = cluster.machine(1).address();
    cluster.network().cut((from, to) -> from.equals(other) && to.equals(deaf));
    cluster.run(Duration.ofMinutes(3));
    for (int i = 0; i < 10; i++) {
      assertFalse(cluster.watch(i).saw("DEAD"), i + ": " + cluster.watch(i).seen);
    }
  }

  @Test
  void aThirdOfAllPacketsLostKillsNobody() {
    SimCluster cluster = SimCluster.whole(30, 10);
    cluster.network().loss(0.3);
    cluster.run(Duration.ofMinutes(5));
    for (int i = 0; i < 30; i++) {
      assertFalse(cluster.watch(i).saw("DEAD"), i + ": " + cluster.watch(i).seen);
    }
  }

  @Test
  void slowMembersDoNotMakeOthersDead() {
    SimCluster cluster = SimCluster.whole(50, 11);
    for (int i = 0; i < 5; i++) {
      cluster.machine(i).slow(Duration.ofMillis(1_500));
    }
    cluster.run(Duration.ofMinutes(1));
    for (int i = 5; i < 50; i++) {
      assertFalse(
          cluster.watch(i).seen.stream()
              .anyMatch(line -> line.endsWith("DEAD") && !line.contains(" n0000")),
          i + ": " + cluster.watch(i).seen);
    }
  }

  @Test
  void accusationsOfAnIncarnationThatIsGoneAreNotHeard() {
    SimCluster cluster = SimCluster.whole(5, 12);
    GossipNode victim = cluster.node(1);
    cluster.node(0).members().suspect(new Suspect(1, "n00001", "n00000"));
    cluster.run(Duration.ofSeconds(2));
    assertEquals(2, victim.members().self().incarnation());
    Peer seen = Objects.requireNonNull(cluster.node(0).members().peer("n00001"));
    assertEquals(Liveness.ALIVE, seen.state());
    cluster.node(0).members().suspect(new Suspect(1, "n00001", "n00000"));
    assertEquals(Liveness.ALIVE, seen.state());
    assertTrue(victim.members().refutations() == 1);
  }

  @Test
  void newTagsReachAll() {
    SimCluster cluster = SimCluster.whole(50, 13);
    cluster.run(Duration.ofSeconds(1));
    cluster.node(9).retag(Map.of("role", "manager"));
    assertTrue(
        cluster.everywhere(
            node ->
                "manager"
                    .equals(
                        Objects.requireNonNull(node.members().peer("n00009")).tags().get("role")),
            i -> false,
            Duration.ofMillis(400)));
  }

  @Test
  void theSameSeedIsTheSameRun() {
    assertEquals(run(), run());
  }

  private static List<String> run() {
    SimCluster cluster = SimCluster.whole(20, 14);
    cluster.network().loss(0.2);
    cluster.machine(3).kill();
    cluster.run(Duration.ofSeconds(30));
    return cluster.watch(0).seen;
  }
}
