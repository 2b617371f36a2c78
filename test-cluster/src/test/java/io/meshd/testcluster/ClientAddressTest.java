package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.testcluster.peer.Datagrams;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Published ports behind which a server sees its client: nginx and dnsmasq say whom they see. All
 * nodes filter by reverse path, strictly, in the node namespace and in every task's.
 */
@SharesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ClientAddressTest {
  private static final List<String> NODES = List.of("n1", "n2", "n3");
  private static final String CLIENT = "10.99.0.254";

  /** A shell of the node namespace. */
  private static final String NODE_NAMESPACE = "nsenter --net=/run/meshd/netns/meshd sh ";

  private static final String STRICT =
      "for ns in /run/meshd/netns/*; do nsenter --net=$ns sh -c 'for f in"
          + " /proc/sys/net/ipv4/conf/*/rp_filter; do echo 1 >$f; done'; done";

  private final Cluster cluster = Cluster.shared(ClientAddressTest.class);
  private final Services services = new Services(cluster);
  private final Map<String, String> filters = new HashMap<>();

  @BeforeAll
  void network() {
    for (String node : NODES) {
      filters.put(
          node,
          cluster.sh(node, NODE_NAMESPACE + "-c 'grep . /proc/sys/net/ipv4/conf/*/rp_filter'"));
    }
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "net"));
  }

  @AfterAll
  void down() {
    filters.forEach(
        (node, said) -> {
          String before = said.replaceAll("(\\S+):(\\d)", "[ ! -e $1 ] || echo $2 >$1");
          cluster.sh(node, NODE_NAMESPACE + "-s <<'END'\n" + before + "\nEND");
        });
    cluster.sh("client", "ip addr del fd00:99::fe/64 dev eth0 || true");
    cluster.sh("n3", "ip addr del fd00:99::3/64 dev eth0 || true");
    cluster.close();
  }

  @Test
  void nginxSeesItsClientThroughEveryNode() {
    services.create(
        "web",
        List.of("--network", "net", "--replicas", "2", "-p", preserved(8080, 80)),
        Cluster.nginx(),
        "80",
        "bulk");
    filterStrictly();
    for (String node : NODES) {
      awaitSeen(node, 8080, CLIENT);
      // Routed, from behind the client.
      assertEquals(
          Cluster.outside(),
          cluster
              .sh("client", curl("--interface " + Cluster.outside() + " " + url(node, 8080)))
              .strip());
    }
    // Hundreds at once, through all nodes, from few ports of the client.
    String seen =
        cluster.sh(
            "client",
            "for n in 1 2 3; do curl -sS -m 30 -H 'Connection: close' --local-port 40000-40499 --parallel"
                + " --parallel-immediate --parallel-max 60 \"http://10.99.0.$n:8080/who?[1-150]\" &"
                + " done; wait");
    assertEquals(450, seen.lines().filter(CLIENT::equals).count(), seen);
    assertTrue(counter("n2", "kept") >= 150, "kept on n2");
    for (String node : NODES) {
      String sums =
          cluster.sh("client", curl("http://" + Cluster.address(node) + ":8080/bulk | md5sum"));
      assertEquals(bulkSum(), sums.strip(), node);
    }

    // More connections at a time than a slice has ports: the rest are made with the node's address.
    String load = cluster.sh("client", "hey -c 1100 -n 3300 -t 20 http://10.99.0.1:8080/who 2>&1");
    assertTrue(load.contains("[200]	3300 responses"), load);
    assertTrue(counter("n1", "fallback.slice_exhausted") > 0, "more than the slice has");

    String restarted = services.running("web", 2).getFirst().node();
    cluster.kill(restarted);
    cluster.start(restarted);
    awaitSeen(restarted, 8080, CLIENT);
    for (String node : NODES) {
      awaitSeen(node, 8080, CLIENT);
    }

    // An IPv6 client gets its answer; nginx sees the node, which counts why.
    cluster.sh("client", "ip -6 addr add fd00:99::fe/64 dev eth0 nodad");
    cluster.sh("n3", "ip -6 addr add fd00:99::3/64 dev eth0 nodad");
    assertTrue(
        cluster.sh("client", curl("'http://[fd00:99::3]:8080/who'")).startsWith("10.0."),
        "a node's address on the overlay");
    assertEquals(1, counter("n3", "fallback.ipv6_client"));
    String own = cluster.sh("n3", curl("http://127.0.0.1:8080/who"));
    assertTrue(own.startsWith("10.0."), own);
    assertEquals(1, counter("n3", "fallback.node_client"));

    // A slow machine's daemon may have been away long enough for its task to be replaced.
    aPortOfAnotherModeDoesNotDisturb(services.running("web", 2).getFirst());
    cluster.meshctl(List.of("service", "rm", "web"));
  }

  /** Rules of a task are those of its ports, from one update to the next. */
  private void aPortOfAnotherModeDoesNotDisturb(Task task) {
    assertTrue(rules(task).contains("sport 80 "), rules(task));
    List<Task> before = services.running("web", 2);
    cluster.meshctl(
        List.of("service", "update", "-d", "--publish-add", "published=8081,target=81", "web"));
    awaitSeen("n1", 8080, CLIENT);
    Process held =
        cluster.background(
            cluster.state().resolve("held"),
            "client",
            "curl",
            "-sS",
            "--limit-rate",
            "100k",
            "-o",
            "/dev/null",
            "http://" + Cluster.address("n1") + ":8080/bulk");
    await().atMost(Duration.ofSeconds(10)).until(() -> fromClient(before) == 1);
    cluster.meshctl(List.of("service", "update", "-d", "--publish-rm", "80", "web"));
    // What it carried has no way back any more: both ends are told.
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> cluster.sh("client", "ss -Htn state established dport = :8080").isEmpty());
    held.destroy();
    await().atMost(Duration.ofSeconds(10)).until(() -> fromClient(before) == 0);
    await().atMost(Duration.ofSeconds(10)).until(() -> rules(task).isEmpty());
    cluster.meshctl(
        List.of("service", "update", "-d", "--publish-add", "published=8080,target=80", "web"));
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> NODES.stream().allMatch(node -> seen(node, 8080).startsWith("10.0.")));
    assertEquals(before, services.running("web", 2), "the tasks are the same");
  }

  @Test
  void nginxSeesItsClientInThePreambleOfTheConnection() {
    services.create(
        "announced",
        List.of("--replicas", "2", "-p", "published=8090,target=80,client-address=proxy-v2"),
        Cluster.nginx(),
        "80",
        "proxy_protocol");
    for (String node : NODES) {
      awaitSeen(node, 8090, CLIENT);
      assertEquals(
          Cluster.outside(),
          cluster
              .sh("client", curl("--interface " + Cluster.outside() + " " + url(node, 8090)))
              .strip());
    }
    cluster.meshctl(List.of("service", "rm", "announced"));
  }

  @Test
  void aNameServerSeesItsClients() {
    services.create(
        "dns",
        List.of("--replicas", "1", "-p", preserved(5300, 53) + ",protocol=udp"),
        "dnsmasq",
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--no-resolv",
        "--no-hosts",
        "--user=root",
        "--pid-file",
        "--log-queries",
        "--log-facility=/dev/stdout",
        "--edns-packet-max=8192",
        "--txt-record=big.test," + String.join(",", longTexts()),
        "--address=/one.test/10.1.1.1");
    filterStrictly();
    for (String node : NODES) {
      await()
          .alias(node)
          .atMost(Duration.ofSeconds(20))
          .until(() -> dig(node, "", "one.test A").equals("10.1.1.1"));
      assertEquals("10.1.1.1", dig(node, "-b " + Cluster.outside(), "one.test A"));
      // More than a frame carries: the answer comes in fragments.
      String big = dig(node, "+bufsize=8192 +notcp +ignore", "big.test TXT");
      assertTrue(big.length() > 3000, node + ": " + big.length());
    }
    String log = cluster.meshctl(List.of("service", "logs", "dns"));
    assertTrue(log.contains("one.test from " + CLIENT), log);
    assertTrue(log.contains("one.test from " + Cluster.outside()), log);
    assertEquals(0, log.lines().filter(line -> line.contains("from 10.0.")).count(), log);
    cluster.meshctl(List.of("service", "rm", "dns"));
  }

  @Test
  void datagramsThatComeInFragmentsAndAnswersFromAnUnboundSocket() {
    services.create(
        "echo",
        List.of("--network", "net", "-p", preserved(7000, 7000) + ",protocol=udp"),
        Services.program(Datagrams.class, "echo", "7000"));
    filterStrictly();
    for (String node : NODES) {
      await()
          .alias(node)
          .atMost(Duration.ofSeconds(30))
          .until(() -> asked(node, 4).equals(CLIENT + " 4"));
      assertEquals(CLIENT + " 5000", asked(node, 5000), node);
    }
    cluster.meshctl(List.of("service", "rm", "echo"));
  }

  private String asked(String node, int bytes) {
    String[] program =
        Services.program(
            Datagrams.class, "ask", Cluster.address(node), "7000", Integer.toString(bytes));
    return cluster.run("client", program).out().strip();
  }

  private static List<String> longTexts() {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      texts.add(Character.toString('a' + i).repeat(250));
    }
    return texts;
  }

  private String dig(String node, String options, String question) {
    return cluster
        .run(
            "client",
            "sh",
            "-c",
            "dig +short +tries=1 +time=3 @"
                + Cluster.address(node)
                + " -p 5300 "
                + options
                + " "
                + question)
        .out()
        .strip();
  }

  private static String preserved(int published, int target) {
    return "published=" + published + ",target=" + target + ",client-address=preserve";
  }

  private void filterStrictly() {
    NODES.forEach(node -> cluster.sh(node, STRICT));
  }

  private static String url(String node, int port) {
    return "http://" + Cluster.address(node) + ":" + port + "/who";
  }

  private static String curl(String rest) {
    return "curl -sS -m 10 " + rest;
  }

  private String seen(String node, int port) {
    return cluster.run("client", "curl", "-sS", "-m", "3", url(node, port)).out().strip();
  }

  private void awaitSeen(String node, int port, String client) {
    await()
        .alias(node + ":" + port)
        .atMost(Duration.ofSeconds(20))
        .until(() -> seen(node, port).equals(client));
  }

  /** Open connections of the tasks to the client itself. */
  private long fromClient(List<Task> tasks) {
    return tasks.stream()
        .map(task -> services.sh(task, "ss -Htn state established sport = :80 dst " + CLIENT))
        .flatMap(String::lines)
        .count();
  }

  private String rules(Task task) {
    return cluster.sh(
        task.node(),
        "nsenter --net=/run/meshd/netns/" + task.id() + " ip rule show | grep 505 || true");
  }

  private long counter(String node, String name) {
    String line =
        cluster.sh(node, "meshctl counters | grep -F 'preserve.8080/tcp." + name + " '").strip();
    return Long.parseLong(line.substring(line.lastIndexOf(' ') + 1));
  }

  private String bulkSum() {
    return cluster
        .sh(
            "client",
            "for i in 1 2 3 4; do seq $((i * 1000000)) $((i * 1000000 + 2097151)); done"
                + " | head -c 64M | md5sum")
        .strip();
  }
}
