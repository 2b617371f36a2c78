package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Nodes that cannot hear each other for a while, and what they find together to. Asked is from a
 * namespace on each node that is on the network by itself, so that nobody ends it meanwhile. With
 * {@code -Dmeshd.long=true} there are more and longer cuts, and the loss lasts for five minutes.
 */
@SharesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GossipTest {
  private static final boolean LONG = Boolean.getBoolean("meshd.long");
  private static final Duration HEALED = Duration.ofSeconds(5);
  private static final Duration GONE = Duration.ofSeconds(15);
  private static final Duration LOSS = LONG ? Duration.ofMinutes(5) : Duration.ofSeconds(20);
  private static final List<Integer> CUTS = LONG ? List.of(10, 20, 30, 20, 30, 10) : List.of(10);
  private static final List<String> NODES = Agreement.NODES;

  /** The packets are gone like on a cut cable: whoever sends is not told. */
  private static final String CUT =
      """
      table netdev cut {
        chain in { type filter hook ingress device eth0 priority 0; policy drop; }
        chain out { type filter hook egress device eth0 priority 0; policy drop; }
      }
      """;

  private static final String LOSSY =
      """
      table inet loss {
        chain in {
          type filter hook input priority -300;
          meta l4proto udp numgen random mod 100 < 30 drop
        }
      }
      """;

  private final Random random = new Random(Long.getLong("meshd.seed", 20_261_123));
  private final Cluster cluster = Cluster.shared(GossipTest.class);
  private final Services services = new Services(cluster);
  private Agreement agreement;

  @BeforeAll
  void services() {
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "--attachable", "net"));
    services.start(
        "web",
        List.of("--network", "net", "--replicas", "3", "-p", Agreement.PORT + ":80"),
        Cluster.pageServer(),
        "80");
    services.start(
        "rr",
        List.of("--network", "net", "--replicas", "3", "--endpoint-mode", "dnsrr"),
        "sleep",
        "1000000");
    for (String node : NODES) {
      cluster.sh(node, "ip netns add mine && ip -n mine link set lo up");
      String attach =
          "endpoint attach --network net --name at-" + node + " --netns /run/netns/mine";
      cluster.meshctl(node, attach.split(" ", -1)).orFail();
    }
    services.converged("web", "rr");
    agreement = new Agreement(cluster);
    await().atMost(Duration.ofSeconds(10)).untilAsserted(agreement::all);
  }

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  void whoeverWasCutOffIsFoundWithinSecondsAgain() throws InterruptedException {
    List<String> order = new ArrayList<>(NODES);
    Collections.shuffle(order, random);
    for (int i = 0; i < CUTS.size(); i++) {
      int seconds = CUTS.get(i);
      String lonely = order.get(i % order.size());
      String other = NODES.get((NODES.indexOf(lonely) + 1) % NODES.size());
      long began = cut(lonely);
      await()
          .alias(lonely + " is gone for " + other)
          .atMost(GONE)
          .until(() -> !agreement.resolves(other, "at-" + lonely));
      Agreement.say(lonely + " was cut off and gone for " + other + " after", began);
      sleepUntil(began, seconds);
      long healed = heal(lonely);
      agreement.within(lonely + " was cut off for " + seconds + " s", healed, HEALED);
      agreement.allAnswer();
    }
  }

  @Test
  @EnabledIfSystemProperty(named = "meshd.long", matches = "true")
  void whatHappenedOnBothSidesOfAMinutesCutIsAgreedOn() throws InterruptedException {
    String lonely = NODES.get(1 + random.nextInt(2));
    long began = cut(lonely);
    await().atMost(GONE).until(() -> !agreement.resolves("n1", "at-" + lonely));
    services.running("web").stream()
        .filter(task -> task.node().equals(lonely))
        .forEach(
            task -> services.sh(task, "kill -9 $(ss -Hltnp | sed 's/.*pid=\\([0-9]*\\).*/\\1/')"));
    services.running("rr").stream()
        .filter(task -> task.node().equals(lonely))
        .forEach(task -> services.exec(task, "pkill", "-SEGV", "sleep"));
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "later"));
    services.create(
        "later",
        List.of("--network", "later", "--network", "net", "--replicas", "2"),
        Cluster.pageServer(),
        "80");
    services.scale("web", 4);
    cluster.meshctl(List.of("service", "update", "-d", "--env-add", "A=B", "web"));
    cluster.meshctl(List.of("service", "scale", "-d", "rr=1"));
    sleepUntil(began, 60);
    long healed = heal(lonely);
    agreement.within(lonely + " was cut off for a minute of changes", healed, HEALED);
    agreement.allAnswer();
    for (Task task : services.running("later", 2)) {
      assertTrue(services.exec(task, "curl", "-fs", "-m", "2", "http://later/").ok(), task.node());
    }
  }

  @Test
  @Timeout(value = 8, unit = TimeUnit.MINUTES)
  void lostPacketsDelayAndTakeNobodyAway() {
    Map<String, Long> before = new HashMap<>();
    NODES.forEach(node -> before.put(node, agreement.deaths(node)));
    NODES.forEach(node -> nft(node, LOSSY));
    try {
      long began = System.nanoTime();
      int replicas = 3;
      while (System.nanoTime() - began < LOSS.toNanos()) {
        replicas = replicas == 3 ? 4 : 3;
        long scaled = System.nanoTime();
        services.scale("web", replicas);
        await()
            .atMost(Duration.ofSeconds(10))
            .untilAsserted(
                () -> {
                  agreement.sameRecords();
                  agreement.sameNames();
                });
        Agreement.say("with 30 % loss, " + replicas + " tasks were known everywhere after", scaled);
        assertEquals(Set.of("Ready"), agreement.states());
      }
    } finally {
      NODES.forEach(node -> cluster.sh(node, "nft delete table inet loss"));
    }
    NODES.forEach(node -> assertEquals(before.get(node), agreement.deaths(node), node));
  }

  @Test
  void aDaemonThatDiesTakesItsEndpointsAlongAndBringsThemBack() {
    long began = System.nanoTime();
    cluster.kill("n2");
    await().atMost(GONE).until(() -> !agreement.resolves("n3", "at-n2"));
    Agreement.say("n2's daemon was killed and gone for n3 after", began);
    began = System.nanoTime();
    cluster.start("n2");
    agreement.within("n2's daemon was started", began, Duration.ofSeconds(15));
    agreement.allAnswer();
  }

  /** The command's first act is a packet to another node, which must know of the task by then. */
  @Test
  void theFirstPacketOfATaskPasses() {
    StringBuilder command = new StringBuilder();
    for (String address : agreement.endpoints()) {
      command.append("ping -q -c1 -W1 " + address + " >/dev/null && echo passed || echo lost; ");
    }
    services.create(
        "first",
        List.of("--network", "net", "--replicas", "6"),
        "sh",
        "-c",
        command + "sleep 1000000");
    List<String> said =
        await()
            .atMost(Duration.ofSeconds(15))
            .until(
                () ->
                    cluster.meshctl(List.of("service", "logs", "--raw", "first")).lines().toList(),
                lines -> lines.size() == 18);
    assertEquals(Set.of("passed"), Set.copyOf(said));
    cluster.meshctl(List.of("service", "rm", "first"));
  }

  @Test
  void aStockAgentTakesPart() {
    String key = cluster.sh("n2", "jq -r '.gossip[0]' /run/meshd/state.keys");
    Path log = cluster.state().resolve("serf.log");
    Process agent =
        cluster.background(
            log,
            "client",
            "serf",
            "agent",
            "-node=stranger",
            "-bind=10.99.0.254",
            "-encrypt=" + key,
            "-join=" + Cluster.address("n1"));
    try {
      for (String node : NODES) {
        await()
            .alias("the agent on " + node)
            .atMost(Duration.ofSeconds(15))
            .until(() -> "alive".equals(agreement.members(node).get("stranger")));
      }
      await()
          .atMost(Duration.ofSeconds(15))
          .until(
              () ->
                  cluster.run("client", "serf", "members", "-status=alive").out().lines().count()
                      == 4);
      agreement.all();
      cluster.sh("client", "serf leave");
      for (String node : NODES) {
        await()
            .atMost(Duration.ofSeconds(10))
            .until(() -> !"alive".equals(agreement.members(node).get("stranger")));
        assertFalse("dead".equals(agreement.members(node).get("stranger")), node);
      }
    } finally {
      agent.destroy();
    }
  }

  // --- what is done to a node --------------------------------------------------------------------

  private long cut(String node) {
    nft(node, CUT);
    return System.nanoTime();
  }

  private long heal(String node) {
    cluster.sh(node, "nft delete table netdev cut");
    return System.nanoTime();
  }

  private void nft(String node, String table) {
    cluster.sh(node, "nft -f - <<'END'\n" + table + "END");
  }

  private static void sleepUntil(long began, int seconds) throws InterruptedException {
    long left = Duration.ofSeconds(seconds).toNanos() - (System.nanoTime() - began);
    if (left > 0) {
      Thread.sleep(Duration.ofNanos(left)); // how long it lasts is what is tested
    }
  }
}
