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
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Whether three nodes see the same: members and records by gossip, and on the network {@code net}
 * the names of {@code web} (a virtual IP with a page behind it), of {@code rr} (dnsrr) and of one
 * endpoint per node, {@code at-n1} to {@code at-n3}. Asked is from those endpoints' namespaces,
 * {@code mine}.
 */
final class Agreement {
  static final List<String> NODES = List.of("n1", "n2", "n3");
  static final int PORT = 8080;
  private static final Set<String> ENDPOINTS = Set.of("at-n1", "at-n2", "at-n3");

  private final Cluster cluster;
  private final String vip;

  /** Addresses by name. */
  private final Map<String, Set<String>> endpoints;

  /** When all endpoints have names on the manager; they keep them. */
  Agreement(Cluster cluster) {
    this.cluster = cluster;
    String format = "{{(index .Endpoint.VirtualIPs 1).Addr}}";
    this.vip =
        cluster
            .meshctl(List.of("service", "inspect", "--format", format, "web"))
            .replaceFirst("/.*", "");
    this.endpoints =
        await()
            .atMost(Duration.ofSeconds(10))
            .until(
                () -> names("n1", ENDPOINTS),
                found -> found.values().stream().allMatch(at -> at.size() == 1));
  }

  /** One for each node. */
  List<String> endpoints() {
    return endpoints.values().stream().map(at -> at.iterator().next()).toList();
  }

  /**
   * Waits until all agree and says how long that took, and what was last to come.
   *
   * @param limit since then
   */
  void within(String what, long since, Duration limit) {
    String[] last = {"nothing"};
    await()
        .alias(what)
        .atMost(limit.minusNanos(System.nanoTime() - since))
        .pollInterval(Duration.ofMillis(50))
        .untilAsserted(
            () -> {
              try {
                all();
              } catch (AssertionError e) {
                last[0] = String.valueOf(e.getMessage());
                throw e;
              }
            });
    say(what + ", all agreed (last missing: " + last[0] + ") after", since);
  }

  /** Every node lives for all, all have the same records, names and virtual IPs that answer. */
  void all() {
    sameRecords();
    assertEquals(Set.of("Ready"), states());
    sameNames();
    Set<String> web = addresses("web");
    for (String node : NODES) {
      String page = mine(node, "curl -fs -m 1 http://" + vip + "/ | sed 's/.* at //'");
      assertTrue(web.contains(page), "the virtual IP on " + node + ": '" + page + "' of " + web);
    }
  }

  void sameRecords() {
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

  void sameNames() {
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
  void allAnswer() {
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

  boolean resolves(String node, String name) {
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
  Set<String> states() {
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
  Map<String, String> members(String node) {
    Map<String, String> states = new HashMap<>();
    gossip(node).members().forEach(member -> states.put(member.id(), member.state()));
    return states;
  }

  long deaths(String node) {
    return requireNonNull(gossip(node).counters().get("members_declared_dead"));
  }

  static void say(String what, long since) {
    System.out.printf("%s %.1f s%n", what, (System.nanoTime() - since) / 1e9);
  }
}
