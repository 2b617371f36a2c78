package io.meshd.testcluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** An overlay with both families, as the tasks on it see it. */
@SharesCluster
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class Ipv6NetworkTest {
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
    services.create("peer", List.of("--network", "net", "--replicas", "2"), "sleep", "1000000");
    List<Task> peers = services.running("peer", 2);
    one = peers.get(0);
    two = peers.get(1);
  }

  @AfterAll
  void down() {
    cluster.close();
  }

  /** The IPv6 address that goes with what {@code device} has of IPv4. */
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
}
