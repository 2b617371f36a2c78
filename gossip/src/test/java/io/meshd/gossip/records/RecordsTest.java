package io.meshd.gossip.records;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.gossip.protocol.GossipCounter;
import io.meshd.gossip.records.RecordCluster.Member;
import io.meshd.gossip.records.RecordMessage.Delta;
import io.meshd.gossip.wire.Address;
import io.meshd.gossip.wire.Bytes;
import io.meshd.gossip.wire.PushPull.Liveness;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Records travel, and heal by themselves; most tests are named for a way in which others failed.
 */
class RecordsTest {
  @Test
  void aChangeReachesAllWhoFollowAndNobodyElse() {
    RecordCluster cluster = RecordCluster.of(10, 1, "net");
    Member stranger = cluster.add();
    stranger.node.start();
    cluster.run(Duration.ofSeconds(2));
    long pulls = cluster.sum(GossipCounter.PULLS);
    cluster.member(3).publish("net", "ep", "10.0.1.5");
    assertTrue(
        cluster.until(
            () ->
                cluster.members.stream()
                    .filter(m -> m != stranger && m != cluster.member(3))
                    .allMatch(m -> m.seen.equals(Map.of("net/n3/ep", "10.0.1.5"))),
            Duration.ofMillis(400)));
    cluster.member(3).records.withdraw("net", "ep");
    assertTrue(
        cluster.until(
            () -> cluster.members.stream().allMatch(m -> m.seen.isEmpty()),
            Duration.ofMillis(400)));
    assertEquals(0, stranger.heard.size());
    assertEquals(pulls, cluster.sum(GossipCounter.PULLS));
  }

  @Test
  void whoFollowsLaterGetsWhatThereIs() {
    RecordCluster cluster = RecordCluster.of(5, 2, "net");
    for (int i = 0; i < 5; i++) {
      cluster.member(i).publish("net", "ep" + i, "v" + i);
    }
    Member late = cluster.add();
    late.node.start();
    cluster.run(Duration.ofSeconds(2));
    late.records.follow("net");
    assertTrue(cluster.until(() -> late.seen.size() == 5, Duration.ofMillis(500)));
    assertEquals(Set.of("net/n0", "net/n1", "net/n2", "net/n3", "net/n4"), late.complete);
    assertTrue(
        cluster.until(
            () -> cluster.member(0).following.contains("net/n5"), Duration.ofMillis(500)));
    late.records.unfollow("net");
    assertEquals(Map.of(), late.seen);
    assertTrue(
        cluster.until(
            () -> !cluster.member(0).following.contains("net/n5"), Duration.ofMillis(500)));
  }

  /** An attach event was missed, and entries were refused for ever. */
  @Test
  void entriesOfAnOwnerThatIsNotKnownYetWait() {
    RecordCluster cluster = RecordCluster.of(3, 3, "net");
    Member reader = cluster.member(1);
    reader.records.message(
        RecordCodec.encode(
            new Delta("net", "n3", 1, 2, 1, "ep", RecordCluster.bytes("early"), true)));
    assertEquals(Map.of(), reader.seen);
    assertFalse(reader.complete.contains("net/n3"));
    Member owner = cluster.add();
    owner.records.follow("net");
    owner.publish("net", "ep", "early");
    owner.node.start();
    assertTrue(
        cluster.until(() -> "early".equals(reader.seen.get("net/n3/ep")), Duration.ofSeconds(1)));
    assertTrue(cluster.until(() -> cluster.agree("net"), Duration.ofSeconds(5)));
  }

  /** A failed node was forgotten, and its names were not found for hours. */
  @Test
  void recordsOfADeadMemberAreHiddenAndComeBackWithIt() {
    RecordCluster cluster = RecordCluster.of(5, 4, "net");
    cluster.member(2).publish("net", "ep", "v");
    cluster.run(Duration.ofSeconds(1));
    Member reader = cluster.member(0);
    assertEquals(Map.of("net/n2/ep", "v"), reader.seen);
    Address away = cluster.member(2).machine.address();
    Runnable heal = cluster.network.cut((from, to) -> from.equals(away) != to.equals(away));
    assertTrue(cluster.until(() -> reader.seen.isEmpty(), Duration.ofSeconds(30)));
    cluster.run(Duration.ofMinutes(20));
    assertEquals(Map.of("ep", RecordCluster.bytes("v")), reader.records.records("net", "n2"));
    heal.run();
    assertTrue(
        cluster.until(() -> reader.seen.equals(Map.of("net/n2/ep", "v")), Duration.ofSeconds(5)));
    assertTrue(cluster.until(() -> cluster.agree("net"), Duration.ofSeconds(5)));
  }

  @Test
  void recordsOfAMemberThatStaysAwayAreForgottenAndNobodyBringsThemBack() {
    RecordCluster cluster = RecordCluster.of(5, 5, "net");
    cluster.member(2).publish("net", "ep", "v");
    cluster.run(Duration.ofSeconds(1));
    cluster.member(2).machine.kill();
    cluster.member(2).node.stop();
    cluster.run(Duration.ofMinutes(32));
    for (int i = 0; i < 5; i++) {
      if (i != 2) {
        assertEquals(Map.of(), cluster.member(i).records.records("net", "n2"));
      }
    }
    cluster.run(Duration.ofMinutes(5));
    assertEquals(Map.of(), cluster.member(0).records.records("net", "n2"));
    assertTrue(cluster.agree("net"));
  }

  @Test
  void whoLeavesTakesItsRecordsAlong() {
    RecordCluster cluster = RecordCluster.of(5, 6, "net");
    cluster.member(2).publish("net", "ep", "v");
    cluster.run(Duration.ofSeconds(1));
    cluster.member(2).node.leave(() -> {});
    assertTrue(cluster.until(() -> cluster.member(0).seen.isEmpty(), Duration.ofSeconds(5)));
    cluster.run(Duration.ofSeconds(10));
    assertEquals(Map.of(), cluster.member(0).records.records("net", "n2"));
  }

  /** Tombstones were forged by others, and equal clocks decided nothing. */
  @Test
  void whatSomebodyElseSaysOfOursIsOutbid() {
    RecordCluster cluster = RecordCluster.of(5, 7, "net");
    cluster.member(2).publish("net", "ep", "v");
    cluster.run(Duration.ofSeconds(1));
    Bytes forged = RecordCodec.encode(new Delta("net", "n2", 1, 99, 2, "ep", null, true));
    cluster.member(0).records.message(forged);
    assertEquals(Map.of(), cluster.member(0).seen);
    assertTrue(
        cluster.until(
            () -> "v".equals(cluster.member(0).seen.get("net/n2/ep")), Duration.ofSeconds(2)));
    assertTrue(cluster.until(() -> cluster.agree("net"), Duration.ofSeconds(5)));
    assertTrue(cluster.member(2).records.epoch() > 1);
  }

  /** A withdrawal overtook the record, which then came and stayed. */
  @Test
  void aWithdrawalThatComesFirstIsRemembered() {
    RecordCluster cluster = RecordCluster.of(3, 8, "net");
    Member reader = cluster.member(1);
    long from =
        reader.records.streams().stream()
            .filter(s -> s.topic().equals("net") && s.owner().equals("n2"))
            .mapToLong(StreamStatus::upTo)
            .findFirst()
            .orElseThrow();
    Bytes created =
        RecordCodec.encode(
            new Delta("net", "n2", 1, from + 1, from, "ep", RecordCluster.bytes("v"), true));
    Bytes withdrawn =
        RecordCodec.encode(new Delta("net", "n2", 1, from + 2, from + 1, "ep", null, true));
    reader.records.message(withdrawn);
    reader.records.message(created);
    assertEquals(0, reader.heard.size());
    reader.records.message(created);
    assertEquals(0, reader.heard.size());
  }

  /** Syncs at the same time waited for each other's answers, 30 s long. */
  @Test
  void membersThatDoNotAnswerDelayNobodyElse() {
    RecordCluster cluster = RecordCluster.of(8, 9, "net");
    for (int i = 0; i < 8; i++) {
      cluster.member(i).publish("net", "ep", "v" + i);
    }
    Member late = cluster.add();
    late.node.start();
    cluster.run(Duration.ofSeconds(3));
    for (int i = 1; i < 4; i++) {
      cluster.member(i).machine.pause();
    }
    late.records.follow("net");
    assertTrue(
        cluster.until(
            () -> late.seen.containsKey("net/n0/ep") && late.seen.containsKey("net/n7/ep"),
            Duration.ofSeconds(2)),
        () -> "only " + late.seen);
  }

  /** Whole tables went over the wire, and the exchange timed out. */
  @Test
  void afterACutOnlyWhatChangedIsSent() {
    RecordCluster cluster = RecordCluster.of(2, 10, "net");
    Member owner = cluster.member(0);
    String value = "x".repeat(200);
    for (int i = 0; i < 5_000; i++) {
      owner.publish("net", "ep" + i, value);
    }
    Member reader = cluster.member(1);
    assertTrue(cluster.until(() -> cluster.agree("net"), Duration.ofSeconds(20)));
    assertEquals(5_000, reader.seen.size());
    Runnable heal = cluster.network.cut((from, to) -> true);
    cluster.run(Duration.ofSeconds(20));
    owner.publish("net", "ep7", "new");
    owner.records.withdraw("net", "ep8");
    cluster.run(Duration.ofSeconds(20));
    long before = owner.machine.bytes();
    heal.run();
    assertTrue(cluster.until(() -> cluster.agree("net"), Duration.ofSeconds(5)));
    assertEquals(4_999, reader.seen.size());
    assertEquals("new", reader.seen.get("net/n0/ep7"));
    long sent = owner.machine.bytes() - before;
    assertTrue(sent < 40_000, "sent " + sent + " bytes of a million");
  }

  /** A split never healed. */
  @Test
  void bothSidesOfASplitAgreeInSeconds() {
    for (int seconds : new int[] {10, 30, 300}) {
      RecordCluster cluster = RecordCluster.of(9, 11 + seconds, "net", "other");
      for (Member member : cluster.members) {
        member.publish("net", "old", member.name);
        member.publish("net", "gone", member.name);
      }
      cluster.run(Duration.ofSeconds(2));
      Set<Address> left =
          Set.of(cluster.member(0).machine.address(), cluster.member(4).machine.address());
      Runnable heal = cluster.network.cut((from, to) -> left.contains(from) != left.contains(to));
      cluster.run(Duration.ofSeconds(seconds / 2));
      for (Member member : cluster.members) {
        member.records.withdraw("net", "gone");
        member.publish("net", "new", member.name);
      }
      cluster.member(4).records.unfollow("other");
      cluster.run(Duration.ofSeconds(seconds / 2));
      heal.run();
      assertTrue(
          cluster.until(
              () ->
                  cluster.agree("net")
                      && cluster.members.stream().allMatch(m -> m.seen.size() == 16),
              Duration.ofSeconds(5)),
          "after " + seconds + " s");
      assertFalse(cluster.member(1).following.contains("other/n4"));
    }
  }

  /** A message that fits in no packet stayed in the queue for ever. */
  @Test
  void aLargeRecordGoesByStreamAndATooLargeOneIsRefused() {
    RecordCluster cluster = RecordCluster.of(5, 12, "net");
    String large = "x".repeat(60_000);
    cluster.member(0).publish("net", "large", large);
    assertTrue(
        cluster.until(
            () ->
                cluster.members.stream()
                    .skip(1)
                    .allMatch(m -> large.equals(m.seen.get("net/n0/large"))),
            Duration.ofSeconds(2)));
    cluster.run(Duration.ofSeconds(5));
    assertEquals(0, cluster.member(0).records.depth());
    assertTrue(cluster.members.stream().allMatch(m -> m.machine.largest() <= 1400));
    Bytes tooLarge = Bytes.of(new byte[70_000]);
    Records records = cluster.member(0).records;
    assertThrows(IllegalArgumentException.class, () -> records.publish("net", "larger", tooLarge));
    assertThrows(
        IllegalArgumentException.class, () -> records.publish("elsewhere", "k", Bytes.EMPTY));
  }

  @Test
  void aRestartTakesNothingAwayThatIsPublishedAgain() {
    RecordCluster cluster = RecordCluster.of(5, 13, "net");
    Member owner = cluster.member(2);
    owner.publish("net", "kept", "v");
    owner.publish("net", "lost", "v");
    cluster.run(Duration.ofSeconds(1));
    owner.machine.kill();
    cluster.run(Duration.ofMillis(200));
    owner.restart(2);
    owner.records.follow("net");
    owner.publish("net", "kept", "v");
    cluster.member(0).heard.clear();
    owner.node.start();
    assertTrue(
        cluster.until(
            () -> cluster.member(0).seen.equals(Map.of("net/n2/kept", "v")),
            Duration.ofSeconds(2)));
    assertFalse(cluster.member(0).heard.contains("-net/n2/kept"));
    assertTrue(
        cluster.until(() -> cluster.agree("net"), Duration.ofSeconds(5)),
        () -> cluster.member(0).records.streams() + "\n" + owner.records.streams());
  }

  @Test
  void aRestartWithAnOlderEpochRisesAboveIt() {
    RecordCluster cluster = RecordCluster.of(5, 14, "net");
    Member owner = cluster.member(2);
    owner.machine.kill();
    owner.restart(50);
    owner.records.follow("net");
    owner.publish("net", "a", "1");
    owner.node.start();
    cluster.run(Duration.ofSeconds(8));
    owner.machine.kill();
    owner.restart(7);
    owner.records.follow("net");
    owner.publish("net", "b", "2");
    owner.node.start();
    assertTrue(
        cluster.until(
            () -> cluster.member(0).seen.equals(Map.of("net/n2/b", "2")), Duration.ofSeconds(5)));
    assertTrue(owner.records.epoch() > 50);
  }

  @Test
  void aThirdOfAllPacketsLostOnlyDelays() {
    RecordCluster cluster = RecordCluster.of(10, 15, "net");
    cluster.network.loss(0.3);
    for (int i = 0; i < 200; i++) {
      Member member = cluster.member(i % 10);
      member.publish("net", "ep" + i % 30, "v" + i);
      if (i % 7 == 0) {
        member.records.withdraw("net", "ep" + i % 30);
      }
      cluster.run(Duration.ofMillis(100));
    }
    assertTrue(cluster.until(() -> cluster.agree("net"), Duration.ofSeconds(5)));
    for (Member member : cluster.members) {
      assertEquals(
          Liveness.ALIVE,
          Objects.requireNonNull(cluster.member(0).node.members().peer(member.name)).state());
    }
  }

  @Test
  void anIdleClusterIsQuiet() {
    RecordCluster cluster = RecordCluster.of(3, 16, "net");
    cluster.member(0).publish("net", "ep", "v");
    cluster.run(Duration.ofMinutes(1));
    long pulls = cluster.sum(GossipCounter.PULLS);
    long before = cluster.members.stream().mapToLong(m -> m.machine.bytes()).sum();
    cluster.run(Duration.ofMinutes(10));
    long bytes = cluster.members.stream().mapToLong(m -> m.machine.bytes()).sum() - before;
    double each = bytes / 600.0 / 3;
    assertTrue(each < 500, each + " bytes per second and node");
    assertEquals(pulls, cluster.sum(GossipCounter.PULLS));
  }

  /** With so many at once news of some member does not reach somebody. */
  @Test
  void whoMissedTheNewsOfAMemberHearsOfItByItsRecords() {
    RecordCluster cluster = new RecordCluster(18);
    for (int i = 0; i < 10; i++) {
      Member member = cluster.add();
      member.records.follow("net");
      member.node.start();
    }
    cluster.run(Duration.ofSeconds(5));
    Address deaf = cluster.member(4).machine.address();
    Runnable end = cluster.network.cut((from, to) -> to.equals(deaf));
    Member late = cluster.add();
    late.records.follow("net");
    late.node.start();
    // Long enough for the news to be told as often as it is, too short for a suspect to be dead.
    cluster.run(Duration.ofMillis(1_500));
    end.run();
    assertTrue(
        cluster.until(
            () -> cluster.member(4).node.members().peer("n10") != null, Duration.ofSeconds(5)));
    assertTrue(cluster.until(() -> cluster.agree("net"), Duration.ofSeconds(5)));
  }
}
