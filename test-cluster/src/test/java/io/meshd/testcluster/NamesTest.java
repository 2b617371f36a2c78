package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Who is found under which name, from where; asked by getent (glibc), busybox and dig. */
@SharesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NamesTest {
  /** A change is to be seen on every node within a second of its being told to the user. */
  private static final Duration VISIBLE = Duration.ofSeconds(1);

  private static final String OUTSIDE_NAME = "www.outside.test";

  private final Cluster cluster = Cluster.shared(NamesTest.class);
  private final Services services = new Services(cluster);
  private String resolvers = "";

  @BeforeAll
  void services() {
    cluster.background(
        Path.of("/dev/null"),
        "client",
        "dnsmasq",
        "-k",
        "--conf-file=/dev/null",
        "--no-resolv",
        "--no-hosts",
        "--pid-file",
        "--listen-address=" + Cluster.outside(),
        "--bind-interfaces",
        "--address=/outside.test/192.0.2.77");
    resolvers = cluster.sh("n1", "cat /etc/resolv.conf");
    for (String node : List.of("n1", "n2", "n3")) {
      cluster.sh(node, "echo nameserver " + Cluster.outside() + " >/etc/resolv.conf");
    }
    for (String network : List.of("mynet", "elsewhere")) {
      cluster.meshctl(List.of("network", "create", "--driver", "overlay", "--attachable", network));
    }
    server("testnginx", "--network", "name=mynet,alias=db", "-p", "8081:80");
    sleepers("rr", "--network", "mynet", "--endpoint-mode", "dnsrr", "--replicas", "3");
    sleepers("asker", "--network", "mynet", "--mode", "global");
    sleepers("stranger", "--network", "elsewhere");
    sleepers("both", "--network", "mynet", "--network", "elsewhere");
    sleepers("local");
    server("mynginx", "-p", "8080:80");
    services.converged("testnginx", "rr", "asker", "stranger", "both", "local", "mynginx");
  }

  private void sleepers(String name, String... options) {
    services.start(name, List.of(options), "sleep", "1000000");
  }

  private void server(String name, String... options) {
    services.start(name, List.of(options), Cluster.pageServer(), "80");
  }

  @AfterAll
  void down() {
    // It changes its user, and does not end with whoever started it.
    cluster.sh("client", "pkill -x dnsmasq");
    for (String node : List.of("n1", "n2", "n3")) {
      cluster.sh(node, "echo '" + resolvers + "' >/etc/resolv.conf");
    }
    cluster.close();
  }

  private Task asker() {
    return services.running("asker", 3).getFirst();
  }

  private Task elsewhere() {
    return services.only("stranger");
  }

  /** What dig says, sorted. */
  private List<String> dig(Task task, String... words) {
    List<String> line = Stream.concat(Stream.of("dig", "+short"), Stream.of(words)).toList();
    String out = services.exec(task, line.toArray(String[]::new)).out();
    return out.lines().sorted().toList();
  }

  private String status(Task task, String... words) {
    List<String> line = Stream.concat(Stream.of("dig"), Stream.of(words)).toList();
    String out = services.exec(task, line.toArray(String[]::new)).out();
    return out.replaceFirst("(?s).*status: ([A-Z]+),.*", "$1");
  }

  private String vip(String service, int index) {
    String format = "{{(index .Endpoint.VirtualIPs " + index + ").Addr}}";
    return cluster
        .meshctl(List.of("service", "inspect", "--format", format, service))
        .replaceFirst("/.*", "");
  }

  private List<String> addresses(String service) {
    return services.running(service).stream()
        .map(task -> services.address(task, "eth0"))
        .sorted()
        .toList();
  }

  private boolean badAddress(Task task, String name) {
    CommandResult result = services.exec(task, "busybox", "ping", "-c", "1", "-W", "1", name);
    return result.err().contains("bad address '" + name + "'");
  }

  @Test
  void aServicesNamesGiveItsVirtualIpOnEveryNode() {
    String vip = vip("testnginx", 1);
    for (Task task : services.running("asker", 3)) {
      for (String name : List.of("testnginx", "TESTNGINX", "db", "testnginx.mynet", "Db.MyNet")) {
        assertEquals(List.of(vip), dig(task, name), name + " on " + task.node());
      }
      assertTrue(services.sh(task, "getent hosts testnginx").startsWith(vip), task.node());
      assertTrue(services.sh(task, "busybox nslookup testnginx").contains(vip), task.node());
    }
    Task task = asker();
    assertEquals(List.of(), dig(task, "testnginx", "AAAA"));
    assertEquals("NOERROR", status(task, "testnginx", "AAAA"));
    assertEquals(List.of("testnginx.mynet."), dig(task, "-x", vip));
    assertEquals(
        List.of("0 0 80 testnginx.mynet."), dig(task, "_80._tcp.testnginx", "SRV", "+tcp"));
  }

  @Test
  void tasksAreFoundByServiceNameAndId() {
    Task task = asker();
    List<String> rr = addresses("rr");
    assertEquals(3, rr.size());
    assertEquals(rr, dig(task, "rr"));
    assertEquals(rr, dig(task, "tasks.rr", "+tcp"));
    assertEquals(addresses("testnginx"), dig(task, "tasks.testnginx"));
    Task one = services.running("rr").getFirst();
    List<String> address = List.of(services.address(one, "eth0"));
    assertEquals(address, dig(task, one.name() + "." + one.id()));
    assertEquals(address, dig(task, one.id().substring(0, 12)));
    assertEquals(
        List.of(one.name() + "." + one.id() + ".mynet."), dig(task, "-x", address.getFirst()));
    assertTrue(services.exec(task, "ping", "-c", "1", "-W", "2", "rr").ok());
    assertTrue(services.exec(task, "ping", "-c", "1", "-W", "2", "testnginx").ok());
    // Its own name, without asking anybody.
    assertTrue(services.sh(one, "getent hosts $(hostname)").startsWith(address.getFirst()));
  }

  @Test
  void namesStayInsideTheirNetwork() {
    Task there = elsewhere();
    for (String name : List.of("testnginx", "db", "rr", "tasks.rr", "asker")) {
      assertTrue(dig(there, name).isEmpty(), name);
      assertTrue(badAddress(there, name), name);
    }
    assertEquals("NXDOMAIN", status(there, "testnginx"));
    assertTrue(badAddress(asker(), "stranger"));
    Task both = services.only("both");
    assertEquals(List.of(vip("testnginx", 1)), dig(both, "testnginx"));
    assertEquals(List.of(vip("stranger", 0)), dig(both, "stranger"));
    assertEquals(List.of(vip("stranger", 0)), dig(both, "stranger.elsewhere"));
  }

  @Test
  void withoutANetworkThereAreNamesOfTheOutsideAlone() {
    for (String service : List.of("local", "mynginx")) {
      Task task = services.only(service);
      for (String name : List.of("testnginx", "mynginx", "asker", "tasks.rr")) {
        assertTrue(badAddress(task, name), name + " from " + service);
      }
      assertEquals(List.of("192.0.2.77"), dig(task, OUTSIDE_NAME), service);
      assertEquals(List.of("192.0.2.77"), dig(task, OUTSIDE_NAME, "+tcp"), service);
    }
    assertTrue(badAddress(asker(), "mynginx"));
  }

  @Test
  void outsideNamesAreTheNodesResolversMatter() {
    Task task = asker();
    assertEquals(List.of("192.0.2.77"), dig(task, OUTSIDE_NAME));
    assertTrue(services.sh(task, "getent hosts " + OUTSIDE_NAME).contains("192.0.2.77"));
    String before = cluster.sh(task.node(), "cat /etc/resolv.conf");
    cluster.sh(task.node(), "echo >/etc/resolv.conf");
    try {
      await()
          .atMost(Duration.ofSeconds(5))
          .until(() -> status(task, OUTSIDE_NAME).equals("SERVFAIL"));
      long began = System.nanoTime();
      assertTrue(badAddress(task, "nobody"));
      assertTrue(System.nanoTime() - began < 4_000_000_000L);
    } finally {
      cluster.sh(task.node(), "echo '" + before + "' >/etc/resolv.conf");
    }
    await()
        .atMost(Duration.ofSeconds(5))
        .until(() -> dig(task, OUTSIDE_NAME).equals(List.of("192.0.2.77")));
  }

  @Test
  void aScaleIsSeenOnEveryNodeWithinASecond() {
    sleepers("grows", "--network", "mynet", "--endpoint-mode", "dnsrr");
    services.converged("grows");
    List<Task> askers = services.running("asker", 3);
    for (int replicas : List.of(5, 2)) {
      List<CompletableFuture<Long>> seen =
          askers.stream()
              .map(
                  task ->
                      CompletableFuture.supplyAsync(
                          () -> seesGrow(task, replicas), run -> Thread.ofVirtual().start(run)))
              .toList();
      cluster.meshctl(List.of("service", "scale", "-d", "grows=" + replicas));
      List<Long> times = seen.stream().map(CompletableFuture::join).sorted().toList();
      long late = times.getLast() - times.getFirst();
      assertTrue(late < VISIBLE.toNanos(), "the last node was " + late / 1_000_000 + " ms late");
    }
    cluster.meshctl(List.of("service", "rm", "grows"));
    await().atMost(Duration.ofSeconds(5)).until(() -> badAddress(askers.getFirst(), "grows"));
  }

  /** When a task saw so many addresses: nanoseconds of the clock that all nodes have. */
  private long seesGrow(Task task, int replicas) {
    String seen = "[ $(dig +short grows | wc -l) = " + replicas + " ]";
    String patience = "i=$((i + 1)); [ $i -lt 1000 ] || exit 1";
    return Long.parseLong(
        services.sh(
            task, "i=0; until " + seen + "; do sleep 0.02; " + patience + "; done; date +%s%N"));
  }

  @Test
  void anEndpointFindsAndIsFound() {
    cluster.sh("n2", "ip netns add mine && ip -n mine link set lo up");
    cluster
        .meshctl(
            "n2",
            List.of(
                    "endpoint attach --network mynet --name printer --netns /run/netns/mine"
                        .split(" ", -1))
                .toArray(String[]::new))
        .orFail();
    await().atMost(Duration.ofSeconds(5)).until(() -> !dig(asker(), "printer").isEmpty());
    String gateway = vip("testnginx", 1).replaceFirst("\\.\\d+$", ".1");
    await()
        .atMost(Duration.ofSeconds(5))
        .until(
            () ->
                cluster
                    .run("n2", "ip", "netns", "exec", "mine", "dig", "+short", "@" + gateway, "db")
                    .out()
                    .equals(vip("testnginx", 1)));
  }

  @Test
  void theTasksFilesAreItsOwnWhateverHappensToTheNodes() {
    Task task = onSecondNode();
    String gateway = services.address(task, "eth0").replaceFirst("\\.\\d+$", ".1");
    String own = services.sh(task, "cat /etc/resolv.conf");
    assertEquals("nameserver " + gateway + "\noptions ndots:0", own);
    assertEquals(task.id().substring(0, 12), services.sh(task, "cat /etc/hostname"));
    assertEquals("n2", cluster.sh("n2", "cat /etc/hostname"));
    // Somebody replaces the node's file, as programs do that keep it.
    cluster.sh("n2", "cp /etc/resolv.conf /etc/resolv.new && mv /etc/resolv.new /etc/resolv.conf");
    await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> services.sh(task, "cat /etc/resolv.conf").equals(own));
    assertFalse(cluster.sh("n2", "cat /etc/resolv.conf").contains(gateway));
  }

  @Test
  void namesAreAnsweredAgainAfterARestart() {
    cluster.kill("n2");
    cluster.start("n2");
    // A node that was away for long has new tasks.
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> dig(onSecondNode(), "db").equals(List.of(vip("testnginx", 1))));
  }

  private Task onSecondNode() {
    return services.running("asker", 3).stream()
        .filter(task -> task.node().equals("n2"))
        .findFirst()
        .orElseThrow();
  }
}
