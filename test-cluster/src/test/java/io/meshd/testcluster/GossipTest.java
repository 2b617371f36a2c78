package io.meshd.testcluster;

import static java.util.Objects.requireNonNull;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.api.Json;
import io.meshd.api.Mesh;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Nodes that cannot hear each other for a while, and what they find together to. Asked is from a
 * namespace on each node that is on the network by itself, so that nobody ends it meanwhile. With
 * {@code -Dmeshd.long=true} there are more and longer cuts, and the loss lasts for five minutes.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GossipTest {
  private static final boolean LONG = Boolean.getBoolean("meshd.long");
  private static final Duration HEALED = Duration.ofSeconds(5);
  private static final Duration GONE = Duration.ofSeconds(15);
  private static final Duration LOSS = LONG ? Duration.ofMinutes(5) : Duration.ofSeconds(20);
  private static final List<Integer> CUTS = LONG ? List.of(10, 20, 30, 10, 20, 30) : List.of(10);
  private static final int PORT = 8080;
  private static final List<String> NODES = List.of("n1", "n2", "n3");

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
  private final Cluster cluster = Cluster.up(GossipTest.class);
  private final Services services = new Services(cluster);
  private String vip = "";

  /** Addresses of what was attached, by name. */
  private Map<String, Set<String>> endpoints = Map.of();

  @BeforeAll
  void services() {
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "--attachable", "net"));
    services.start(
        "web",
        List.of("--network", "net", "--replicas", "3", "-p", PORT + ":80"),
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
    vip =
        cluster
            .meshctl(
                List.of(
                    "service",
                    "inspect",
                    "--format",
                    "{{(index .Endpoint.VirtualIPs 1).Addr}}",
                    "web"))
            .replaceFirst("/.*", "");
    await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(
            () -> {
              endpoints = names("n1", Set.of("at-n1", "at-n2", "at-n3"));
              endpoints.values().forEach(at -> assertEquals(1, at.size()));
            });
    await().atMost(Duration.ofSeconds(10)).untilAsserted(this::allAgree);
  }

  @AfterAll
  void down() {
    cluster.close();
  }

  @Test
  void whoeverWasCutOffIsFoundWithinSecondsAgain() throws InterruptedException {
    for (int seconds : CUTS) {
      String lonely = NODES.get(random.nextInt(NODES.size()));
      String other = NODES.get((NODES.indexOf(lonely) + 1) % NODES.size());
      long began = cut(lonely);
      await()
          .alias(lonely + " is gone for " + other)
          .atMost(GONE)
          .until(() -> !resolves(other, "at-" + lonely));
      say(lonely + " was cut off and gone for " + other + " after", began);
      sleepUntil(began, seconds);
      long healed = heal(lonely);
      agree(lonely + " was cut off for " + seconds + " s", healed, HEALED);
      allAnswer();
    }
  }

  @Test
  @EnabledIfSystemProperty(named = "meshd.long", matches = "true")
  void whatHappenedOnBothSidesOfAMinutesCutIsAgreedOn() throws InterruptedException {
    String lonely = NODES.get(1 + random.nextInt(2));
    long began = cut(lonely);
    await().atMost(GONE).until(() -> !resolves("n1", "at-" + lonely));
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
    agree(lonely + " was cut off for a minute of changes", healed, HEALED);
    allAnswer();
    for (Task task : services.running("later", 2)) {
      assertTrue(services.exec(task, "curl", "-fs", "-m", "2", "http://later/").ok(), task.node());
    }
  }

  @Test
  void lostPacketsDelayAndTakeNobodyAway() throws InterruptedException {
    Map<String, Long> before = new HashMap<>();
    NODES.forEach(node -> before.put(node, deaths(node)));
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
                  sameRecords();
                  sameNames();
                });
        say("with 30 % loss, " + replicas + " tasks were known everywhere after", scaled);
        assertEquals(Set.of("Ready"), states());
        Thread.sleep(1000);
      }
    } finally {
      NODES.forEach(node -> cluster.sh(node, "nft delete table inet loss"));
    }
    NODES.forEach(node -> assertEquals(before.get(node), deaths(node), node));
  }

  @Test
  void aDaemonThatDiesTakesItsEndpointsAlongAndBringsThemBack() {
    long began = System.nanoTime();
    cluster.kill("n2");
    await().atMost(GONE).until(() -> !resolves("n3", "at-n2"));
    say("n2's daemon was killed and gone for n3 after", began);
    began = System.nanoTime();
    cluster.start("n2");
    agree("n2's daemon was started", began, Duration.ofSeconds(15));
    allAnswer();
  }

  /** The command's first act is a packet to another node, which must know of the task by then. */
  @Test
  void theFirstPacketOfATaskPasses() {
    StringBuilder command = new StringBuilder();
    for (Set<String> at : endpoints.values()) {
      String address = at.iterator().next();
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
    String key =
        cluster.sh("n2", "jq -r '.. | .gossipKeys? // empty | .[0]' /var/lib/meshd/state.json");
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
            .until(() -> "alive".equals(members(node).get("stranger")));
      }
      await()
          .atMost(Duration.ofSeconds(15))
          .until(
              () ->
                  cluster.run("client", "serf", "members", "-status=alive").out().lines().count()
                      == 4);
      allAgree();
      cluster.sh("client", "serf leave");
      for (String node : NODES) {
        await()
            .atMost(Duration.ofSeconds(10))
            .until(() -> !"alive".equals(members(node).get("stranger")));
        assertFalse("dead".equals(members(node).get("stranger")), node);
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

  // --- what is seen ------------------------------------------------------------------------------

  /**
   * Waits until all agree and says how long that took, and what was last to come.
   *
   * @param limit since then
   */
  private void agree(String what, long since, Duration limit) {
    String[] last = {"nothing"};
    await()
        .alias(what)
        .atMost(limit.minusNanos(System.nanoTime() - since))
        .pollInterval(Duration.ofMillis(50))
        .untilAsserted(
            () -> {
              try {
                allAgree();
              } catch (AssertionError e) {
                last[0] = String.valueOf(e.getMessage());
                throw e;
              }
            });
    say(what + ", all agreed (last missing: " + last[0] + ") after", since);
  }

  /** Every node lives for all, all have the same records, names and virtual IPs that answer. */
  private void allAgree() {
    sameRecords();
    assertEquals(Set.of("Ready"), states());
    sameNames();
    Set<String> web = addresses("web");
    for (String node : NODES) {
      String page = mine(node, "curl -fs -m 1 http://" + vip + "/ | sed 's/.* at //'");
      assertTrue(web.contains(page), "the virtual IP on " + node + ": '" + page + "' of " + web);
    }
  }

  private void sameRecords() {
    Map<String, String> digests = new HashMap<>();
    for (String node : NODES) {
      Mesh.Gossip gossip = gossip(node);
      assertEquals(Map.of("n1", "alive", "n2", "alive", "n3", "alive"), ours(gossip), node);
      for (Mesh.GossipRecords records : gossip.records()) {
        String which = records.networkName() + " of " + records.hostname();
        String digest = records.version() + " " + records.digest();
        assertTrue(records.complete(), which + " on " + node);
        assertEquals(digests.computeIfAbsent(which, w -> digest), digest, which + " on " + node);
      }
    }
  }

  private void sameNames() {
    Map<String, Set<String>> right = new HashMap<>();
    right.put("web", Set.of(vip));
    right.put("tasks.web", addresses("web"));
    right.put("rr", addresses("rr"));
    right.putAll(endpoints);
    for (String node : NODES) {
      assertEquals(right, names(node, right.keySet()), node);
    }
  }

  /** Each node is answered through the virtual IP, by each task, and on its published port. */
  private void allAnswer() {
    int tasks = addresses("web").size();
    for (String node : NODES) {
      String asked = "for i in $(seq 30); do curl -fs -m 2 http://" + vip + "/ || echo none; done";
      Set<String> answers = new HashSet<>(mine(node, asked).lines().toList());
      assertEquals(tasks, answers.size(), node + " was answered " + answers);
      assertFalse(cluster.page(node, PORT).isEmpty(), "the published port of " + node);
    }
  }

  /** Addresses by name. */
  private Map<String, Set<String>> names(String node, Set<String> names) {
    String dig = "$(dig +short +time=1 +tries=1 @" + gateway() + " $n)";
    Map<String, Set<String>> said = new HashMap<>();
    mine(node, "for n in " + String.join(" ", names) + "; do echo $n " + dig + "; done")
        .lines()
        .forEach(
            line -> {
              List<String> words = Arrays.asList(line.split(" ", -1));
              said.put(words.getFirst(), Set.copyOf(words.subList(1, words.size())));
            });
    return said;
  }

  private boolean resolves(String node, String name) {
    return !names(node, Set.of(name)).equals(Map.of(name, Set.of()));
  }

  private String mine(String node, String script) {
    return cluster.run(node, "ip", "netns", "exec", "mine", "sh", "-c", script).orFail();
  }

  private String gateway() {
    return vip.replaceFirst("\\.\\d+$", ".1");
  }

  /** Of the tasks that are running and to run, by the manager's word. */
  private Set<String> addresses(String service) {
    String filters = "filters={\"service\":[\"" + service + "\"],\"desired-state\":[\"running\"]}";
    String tasks =
        "curl -sG --unix-socket /run/meshd/meshd.sock http://meshd/v1.45/tasks --data-urlencode '"
            + filters
            + "' | jq -r '.[] | select(.Status.State == \"running\")"
            + " | .NetworksAttachments[] | select(.Network.Spec.Name == \"net\")"
            + " | .Addresses[0]'";
    Set<String> addresses = new TreeSet<>();
    cluster.sh("n1", tasks).lines().forEach(line -> addresses.add(line.replaceFirst("/.*", "")));
    return addresses;
  }

  /** Of the nodes, by the manager's word. */
  private Set<String> states() {
    return new HashSet<>(
        cluster.meshctl(List.of("node", "ls", "--format", "{{.Status}}")).lines().toList());
  }

  private Mesh.Gossip gossip(String node) {
    String json = cluster.meshctl(node, "gossip", "status", "--format", "json").orFail();
    try {
      return Json.MAPPER.readValue(json, Mesh.Gossip.class);
    } catch (IOException e) {
      throw new UncheckedIOException(json, e);
    }
  }

  /** By hostname, of nodes of the cluster alone. */
  private static Map<String, String> ours(Mesh.Gossip gossip) {
    Map<String, String> states = new HashMap<>();
    for (Mesh.GossipMember member : gossip.members()) {
      if (NODES.contains(member.hostname())) {
        states.put(member.hostname(), member.state());
      }
    }
    return states;
  }

  /** By the name that they have in gossip. */
  private Map<String, String> members(String node) {
    Map<String, String> states = new HashMap<>();
    gossip(node).members().forEach(member -> states.put(member.id(), member.state()));
    return states;
  }

  private long deaths(String node) {
    return requireNonNull(gossip(node).counters().get("members_declared_dead"));
  }

  private static void say(String what, long since) {
    System.out.printf("%s %.1f s%n", what, (System.nanoTime() - since) / 1e9);
  }
}
