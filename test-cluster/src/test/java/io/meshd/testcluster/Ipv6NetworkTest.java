package io.meshd.testcluster;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** An overlay with both families, as the tasks on it see it. */
@SharesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class Ipv6NetworkTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Cluster cluster = Cluster.shared(Ipv6NetworkTest.class);
  private final Services services = new Services(cluster);
  private Task one;
  private Task two;

  @BeforeAll
  void tasksOnANetworkWithBothFamilies() {
    cluster.meshctl(
        List.of(
            "network",
            "create",
            "--driver",
            "overlay",
            "--ipv6",
            "--subnet",
            "10.9.0.0/24",
            "--subnet",
            "fd00:9::/64",
            "net"));
    cluster.meshctl(List.of("network", "create", "--driver", "overlay", "old"));
    services.start(
        "peer",
        List.of("--network", "net", "--network", "old", "--replicas", "2"),
        "sleep",
        "1000000");
    services.start("four", List.of("--network", "old"), "sleep", "1000000");
    services.start(
        "web",
        List.of("--network", "net", "--replicas", "2", "--publish", "8096:80"),
        Cluster.pageServer(),
        "80");
    services.converged("peer", "four", "web");
    List<Task> peers = services.running("peer", 2);
    one = peers.get(0);
    two = peers.get(1);
  }

  @AfterAll
  void down() {
    cluster.close();
  }

  /** The IPv6 address among the virtual ones of {@code web}. */
  private String vip() {
    String shown =
        cluster.meshctl(
            List.of("service", "inspect", "--format", "{{json .Endpoint.VirtualIPs}}", "web"));
    assertTrue(shown.matches("(?s).*\"10\\.9\\.0\\.\\d+/24\".*\"fd00:9::[0-9a-f]+/64\".*"), shown);
    return shown.replaceFirst("(?s).*\"(fd00:9::[0-9a-f]+)/64\".*", "$1");
  }

  /** The IPv6 address that goes with what it has of IPv4. */
  private String ipv6(Task task) {
    int last = Integer.parseInt(services.address(task, "eth0").replaceFirst(".*\\.", ""));
    return "fd00:9::" + Integer.toHexString(last);
  }

  @Test
  void inspectShowsBothSubnetsAndWhatIsOnThem() {
    String shown = cluster.meshctl(one.node(), "network", "inspect", "net").orFail();
    assertTrue(shown.contains("\"EnableIPv6\": true"), shown);
    assertTrue(shown.contains("\"Subnet\": \"fd00:9::/64\""), shown);
    assertTrue(shown.contains("\"Gateway\": \"fd00:9::1\""), shown);
    assertTrue(shown.contains("\"IPv6Address\": \"" + ipv6(one) + "/64\""), shown);
    assertEquals(
        "true",
        cluster
            .meshctl(List.of("network", "ls", "--filter", "name=net", "--format", "{{.IPv6}}"))
            .strip());
  }

  @Test
  void aTaskHasItsAddressAndTheLinkLocalOneOfItsMac() {
    String shown = services.sh(one, "ip -6 -o addr show dev eth0");
    assertTrue(shown.contains(" inet6 " + ipv6(one) + "/64 scope global"), shown);
    assertTrue(shown.contains(" inet6 fe80::42:aff:fe09:"), shown);
    assertEquals(2, shown.lines().count(), shown);
    // No router: what is not on the link is unreachable at once, and nobody waits for it.
    CommandResult outside = services.exec(one, "ping", "-6", "-c", "1", "-W", "1", "2001:db8::1");
    assertTrue((outside.out() + outside.err()).contains("unreachable"), outside.toString());
  }

  @Test
  void tasksOfTwoNodesReachEachOther() {
    String out = services.sh(one, "ping -6 -c 3 -i 0.2 -W 2 " + ipv6(two));
    assertTrue(out.contains(" 0% packet loss"), out);
    // 1450 less the IPv6 and ICMPv6 headers.
    String full = services.sh(two, "ping -6 -c 3 -i 0.2 -W 2 -M do -s 1402 " + ipv6(one));
    assertTrue(full.contains(" 0% packet loss"), full);
  }

  @Test
  void namesHaveBothAddressesAndNamesOfOldNetworksOne() {
    assertEquals(
        Stream.of(one, two).map(this::ipv6).sorted().toList(),
        services.sh(one, "dig +short AAAA tasks.peer").lines().sorted().toList());
    assertEquals(vip(), services.sh(one, "dig +short AAAA web").strip());
    String alone = services.sh(one, "dig AAAA four");
    assertTrue(alone.contains("status: NOERROR") && alone.contains("ANSWER: 0"), alone);
    String name = services.sh(one, "dig +short -x " + ipv6(one)).strip();
    assertEquals(one.name() + "." + one.id() + ".net.", name);
  }

  @Test
  void theVirtualIpAnswersPingAndBalancesOverAllTasks() {
    String ping = services.sh(one, "ping -6 -c 3 -i 0.2 -W 2 web");
    assertTrue(ping.contains(vip()) && ping.contains(" 0% packet loss"), ping);
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                services
                        .sh(
                            one,
                            "for i in $(seq 12); do curl -gs -m 5 http://[" + vip() + "]/; done")
                        .lines()
                        .distinct()
                        .count()
                    == 2);
  }

  /** Every node listens for both; the tasks are asked over IPv4. */
  @Test
  void thePublishedPortAnswersClientsOfBothFamilies() {
    for (String node : SharedCluster.NODES) {
      assertTrue(cluster.page(node, 8096).contains(" at 10.9.0."), node);
      String over6 = cluster.sh(node, "curl -gs -m 5 http://[::1]:8096/");
      assertTrue(over6.contains(" at 10.9.0."), node + ": " + over6);
    }
  }
}
