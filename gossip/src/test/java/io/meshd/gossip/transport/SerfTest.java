package io.meshd.gossip.transport;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.gossip.Gossip;
import io.meshd.gossip.GossipConfig;
import io.meshd.gossip.GossipListener;
import io.meshd.gossip.Member;
import io.meshd.gossip.membership.Timing;
import io.meshd.gossip.protocol.GossipCounter;
import io.meshd.gossip.wire.Address;
import io.meshd.gossip.wire.Bytes;
import io.meshd.gossip.wire.KeyRing;
import io.meshd.gossip.wire.PushPull.Liveness;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * With stock serf agents in one cluster. -Dmeshd.long=true watches for suspicion for 60 s instead
 * of some, and for every kind of cluster.
 */
@Timeout(180)
@Execution(ExecutionMode.CONCURRENT)
class SerfTest {
  private static final boolean LONG = Boolean.getBoolean("meshd.long");
  private static final byte[] KEY = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  /** What serf logs when a peer is not what it should be. */
  private static final List<String> COMPLAINTS =
      List.of("incompatible", "bad type", "Conflicting", "[ERR]", "Refuting", "Suspect ");

  private static @Nullable KeyRing ring(boolean encrypted) {
    return encrypted ? KeyRing.of(List.of(Bytes.of(KEY))) : null;
  }

  private static String key(boolean encrypted) {
    return encrypted ? Base64.getEncoder().encodeToString(KEY) : "";
  }

  private static void assertNoComplaint(SerfAgent agent, List<String> complaints) {
    for (String line : agent.log().lines().toList()) {
      assertTrue(complaints.stream().noneMatch(line::contains), agent.name + ": " + line);
    }
  }

  @ParameterizedTest
  @CsvSource({"false,true", "true,true", "true,false"})
  void joinBothWaysWithoutSuspicionAndLeave(boolean encrypted, boolean compression)
      throws Exception {
    String first = Loopback.next();
    String ours = Loopback.next();
    try (SerfAgent a = new SerfAgent("a", first, key(encrypted), compression)) {
      await().atMost(Duration.ofSeconds(10)).until(() -> a.lists("a", "alive"));
      try (LiveMember us = new LiveMember("us", ours, ring(encrypted), first);
          SerfAgent b = new SerfAgent("b", Loopback.next(), key(encrypted), compression, ours)) {
        await()
            .atMost(Duration.ofSeconds(10))
            .until(
                () ->
                    us.living() == 3
                        && a.lists("us", "alive")
                        && a.lists("b", "alive")
                        && b.lists("us", "alive")
                        && b.lists("a", "alive"));
        assertTrue(a.members().contains("rack=7"), a.members());
        // Time for a probe of each by each; the long form for two exchanges of states as well.
        long probes = us.call(() -> us.node.counters().get(GossipCounter.PROBES));
        long more = LONG ? 60 : 3;
        await()
            .atMost(Duration.ofSeconds(2 * more + 5))
            .until(
                () -> us.call(() -> us.node.counters().get(GossipCounter.PROBES)) >= probes + more);
        us.leave();
        await().atMost(Duration.ofSeconds(5)).until(() -> a.lists("us", "left"));
        await().atMost(Duration.ofSeconds(5)).until(() -> b.lists("us", "left"));
        assertTrue(
            us.seen.stream().noneMatch(line -> line.endsWith("SUSPECT")), () -> "" + us.seen);
        assertNoComplaint(a, COMPLAINTS);
        assertNoComplaint(b, COMPLAINTS);
      }
    }
  }

  @Test
  void killedStoppedAndReturningAgentsAreSeen() throws Exception {
    String first = Loopback.next();
    String second = Loopback.next();
    try (SerfAgent a = new SerfAgent("a", first, key(true), true);
        LiveMember us = new LiveMember("us", Loopback.next(), ring(true), first)) {
      await().atMost(Duration.ofSeconds(10)).until(() -> us.living() == 2);
      try (SerfAgent b = new SerfAgent("b", second, key(true), true, first)) {
        await().atMost(Duration.ofSeconds(10)).until(() -> us.state("b") == Liveness.ALIVE);
        long killed = System.nanoTime();
        b.signal("KILL");
        await().atMost(Duration.ofSeconds(15)).until(() -> us.state("b") == Liveness.DEAD);
        // Up to two intervals until it is probed, one until it is suspected, four for a suspect.
        double seconds = (System.nanoTime() - killed) / 1e9;
        assertTrue(seconds > 4 && seconds < 9, "after " + seconds + " s");
      }
      try (SerfAgent b = new SerfAgent("b", second, key(true), true, first)) {
        await().atMost(Duration.ofSeconds(10)).until(() -> us.state("b") == Liveness.ALIVE);
        b.signal("STOP");
        await().atMost(Duration.ofSeconds(15)).until(() -> us.state("b") == Liveness.DEAD);
        b.signal("CONT");
        await().atMost(Duration.ofSeconds(15)).until(() -> us.state("b") == Liveness.ALIVE);
        b.command("leave");
        await().atMost(Duration.ofSeconds(15)).until(() -> us.state("b") == Liveness.LEFT);
      }
      assertNoComplaint(a, List.of("incompatible", "bad type", "Conflicting"));
    }
  }

  @Test
  void weReturnAtOurFirstIncarnation() throws Exception {
    String first = Loopback.next();
    String ours = Loopback.next();
    try (SerfAgent a = new SerfAgent("a", first, "", true)) {
      await().atMost(Duration.ofSeconds(10)).until(() -> a.lists("a", "alive"));
      try (LiveMember us = new LiveMember("us", ours, null, first)) {
        await()
            .atMost(Duration.ofSeconds(10))
            .until(() -> a.lists("us", "alive") && us.living() == 2);
        us.leave();
        await().until(() -> a.lists("us", "left"));
      }
      // Again, and this time without a word.
      try (LiveMember us = new LiveMember("us", ours, null, first)) {
        await().atMost(Duration.ofSeconds(10)).until(() -> a.lists("us", "alive"));
        us.call(
            () -> {
              us.node.stop();
              return 0;
            });
        await().atMost(Duration.ofSeconds(15)).until(() -> a.lists("us", "failed"));
      }
      try (LiveMember us = new LiveMember("us", ours, null, first)) {
        await().atMost(Duration.ofSeconds(10)).until(() -> a.lists("us", "alive"));
        assertTrue(us.call(() -> us.node.members().self().incarnation()) > 1);
      }
    }
  }

  @Test
  void aThousandEventsOfSerfDoNoHarm() throws Exception {
    int events = LONG ? 1_000 : 100;
    String first = Loopback.next();
    try (SerfAgent a = new SerfAgent("a", first, "", true)) {
      // An agent that cannot join at its start ends.
      await().atMost(Duration.ofSeconds(10)).until(() -> a.lists("a", "alive"));
      try (LiveMember us = new LiveMember("us", Loopback.next(), null, first);
          SerfAgent b = new SerfAgent("b", Loopback.next(), "", true, first)) {
        await().atMost(Duration.ofSeconds(10)).until(() -> us.living() == 3);
        for (int i = 0; i < events; i++) {
          a.command("event", "-coalesce=false", "event" + i, "payload " + i);
        }
        await()
            .atMost(Duration.ofSeconds(10))
            .until(() -> b.log().contains("event" + (events - 1)));
        assertTrue(
            us.call(() -> us.node.counters().get(GossipCounter.FOREIGN_MESSAGES)) > events / 2);
        assertEquals(0, us.call(() -> us.node.counters().get(GossipCounter.BAD_PAYLOADS)));
        assertEquals(3, us.living());
        assertNoComplaint(a, COMPLAINTS);
      }
    }
  }

  /** Members of ours that know each other through serf only, and carry records past it. */
  @Test
  void ourRecordsPassAnAgentByWithoutHarm() throws Exception {
    String first = Loopback.next();
    Map<String, Bytes> seen = new ConcurrentHashMap<>();
    try (SerfAgent a = new SerfAgent("a", first, key(true), true);
        Gossip writer = gossip("writer", first, new ConcurrentHashMap<>());
        Gossip reader = gossip("reader", first, seen)) {
      await().atMost(Duration.ofSeconds(10)).until(() -> a.lists("a", "alive"));
      for (int i = 0; i < 300; i++) {
        writer.publish("net", "before" + i, Bytes.of(new byte[300])).join();
      }
      writer.start().join();
      reader.start().join();
      await().atMost(Duration.ofSeconds(10)).until(() -> seen.size() == 300);
      writer.publish("net", "after", Bytes.of((byte) 1)).join();
      await().until(() -> seen.containsKey("writer/after"));
      await()
          .atMost(Duration.ofSeconds(10))
          .until(() -> a.lists("writer", "alive") && a.lists("reader", "alive"));
      // Another agent joins through ours, and gets our whole state.
      try (SerfAgent b = new SerfAgent("b", Loopback.next(), key(true), true, ip(reader))) {
        await().atMost(Duration.ofSeconds(10)).until(() -> b.lists("writer", "alive"));
        writer.leave().join();
        await().atMost(Duration.ofSeconds(10)).until(() -> b.lists("writer", "left"));
        await().until(() -> seen.isEmpty());
        assertNoComplaint(b, COMPLAINTS);
      }
      assertNoComplaint(a, COMPLAINTS);
    }
  }

  private static String ip(Gossip gossip) {
    return gossip.status().join().members().stream()
        .filter(member -> member.name().equals("reader"))
        .map(member -> member.address().toSocketAddress().getAddress().getHostAddress())
        .findFirst()
        .orElseThrow();
  }

  private static Gossip gossip(String name, String seed, Map<String, Bytes> seen) throws Exception {
    InetSocketAddress bind = new InetSocketAddress(Loopback.next(), 7946);
    Gossip gossip =
        Gossip.open(
            new GossipConfig(
                name,
                bind,
                Address.of(bind),
                1,
                Map.of(),
                "",
                ring(true),
                () -> List.of(Address.of(new InetSocketAddress(seed, 7946))),
                Timing.lan()),
            new GossipListener() {
              @Override
              public void member(Member member) {}

              @Override
              public void record(String topic, String owner, String key, @Nullable Bytes value) {
                if (value == null) {
                  seen.remove(owner + "/" + key);
                } else {
                  seen.put(owner + "/" + key, value);
                }
              }

              @Override
              public void follows(String topic, String member, boolean follows) {}

              @Override
              public void complete(String topic, String owner) {}
            });
    gossip.follow("net").join();
    return gossip;
  }
}
