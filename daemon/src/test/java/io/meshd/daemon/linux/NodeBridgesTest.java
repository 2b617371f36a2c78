package io.meshd.daemon.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NodeBridgesTest {
  private ScratchNamespaces scratch;
  private Path host;
  private NodeBridges bridges;

  @BeforeEach
  void setUp() throws Exception {
    scratch = new ScratchNamespaces();
    host = scratch.make("host");
    bridges = new NodeBridges(host, scratch.folder().resolve("bridges.json"));
  }

  @AfterEach
  void tearDown() throws Exception {
    scratch.close();
  }

  @Test
  void takesTheFirstSubnetsThatNoRouteOverlapsAndKeepsThem() throws Exception {
    new IpChanges()
        .line("link add name d0 type bridge")
        .line("address add 172.17.0.1/16 dev d0")
        .line("link set dev d0 up")
        .line("route add 172.18.5.0/24 dev d0")
        .apply(host);
    var chosen = bridges.ensure();
    assertEquals(new NodeBridges.Subnets("172.19.0.0/16", "172.20.0.0/16"), chosen);
    new IpChanges().line("link delete dev d0").apply(host);
    assertEquals(chosen, bridges.ensure());
    bridges.remove();
    assertEquals(new NodeBridges.Subnets("172.17.0.0/16", "172.18.0.0/16"), bridges.ensure());
  }

  @Test
  void leavesTheFirstSubnetsToADockerEngine() throws Exception {
    new IpChanges()
        .line("link add name docker0 type bridge")
        .line("address add 172.31.0.1/24 dev docker0")
        .line("link set dev docker0 up")
        .apply(host);
    assertEquals(new NodeBridges.Subnets("172.30.0.0/16", "172.29.0.0/16"), bridges.ensure());
  }

  @Test
  void saysSoWhenNoSubnetIsFree() {
    IOException e =
        assertThrows(IOException.class, () -> HostSubnets.firstFree(18, List.of("172.16.0.0/12")));
    assertEquals(
        "no subnet is free for this node's bridge: host routes overlap all of 172.18-31.0.0/16",
        e.getMessage());
  }

  @Test
  void neighboursReachEachOtherOnTheLocalBridgeOnly() throws Exception {
    var subnets = bridges.ensure();
    Path[] local = {
      task("l1", NodeBridges.LOCAL, subnets.local(), "172.17.0.2"),
      task("l2", NodeBridges.LOCAL, subnets.local(), "172.17.0.3")
    };
    Path[] gateway = {
      task("g1", NodeBridges.GATEWAY, subnets.gateway(), "172.18.0.2"),
      task("g2", NodeBridges.GATEWAY, subnets.gateway(), "172.18.0.3")
    };
    assertEquals(0, ping(local[0], "172.17.0.3"));
    assertEquals(0, ping(local[0], "172.17.0.1"));
    assertEquals(0, ping(gateway[0], "172.18.0.1"));
    assertNotEquals(0, ping(gateway[0], "172.18.0.3"));
    assertNotEquals(0, ping(gateway[0], "172.17.0.2"));
    assertNotEquals(0, ping(local[1], "172.18.0.3"));
    // Nor by way of the host, when a task names it as the router to its neighbour.
    new IpChanges().line("route add 172.18.0.3/32 via 172.18.0.1 dev eth1").apply(gateway[0]);
    assertNotEquals(0, ping(gateway[0], "172.18.0.3"));
    String link = ScratchNamespaces.in(gateway[0], "/usr/sbin/ip", "address", "show", "eth1").out();
    assertTrue(link.contains("02:42:ac:12:00:02") && link.contains("mtu 1500"), link);
    assertTrue(link.contains("inet 172.18.0.2/16 brd 172.18.255.255"), link);
  }

  @Test
  void theOutsideSeesTheNodesAddress() throws Exception {
    var subnets = bridges.ensure();
    Path outside = scratch.make("outside");
    new IpChanges()
        .line("link add name up0 type veth peer name eth0 netns " + outside)
        .line("address add 198.51.100.1/24 dev up0")
        .line("link set dev up0 up")
        .apply(host);
    // No route back to 172.16/12 there: only masqueraded packets are answered.
    new IpChanges()
        .line("address add 198.51.100.2/24 dev eth0")
        .line("link set dev eth0 up")
        .apply(outside);
    assertEquals(
        0, ping(task("g1", NodeBridges.GATEWAY, subnets.gateway(), "172.18.0.2"), "198.51.100.2"));
    assertEquals(
        0, ping(task("l1", NodeBridges.LOCAL, subnets.local(), "172.17.0.2"), "198.51.100.2"));
  }

  @Test
  void removesEverything() throws Exception {
    var subnets = bridges.ensure();
    task("g1", NodeBridges.GATEWAY, subnets.gateway(), "172.18.0.2");
    scratch.namespaces().remove("g1");
    BridgePort.remove("mtg1", host);
    bridges.remove();
    bridges.remove();
    assertEquals("", ScratchNamespaces.in(host, "/usr/sbin/nft", "list", "ruleset").out());
    assertEquals(1, ScratchNamespaces.in(host, "/usr/sbin/ip", "-o", "link").out().lines().count());
  }

  @Test
  void theNodeNamespaceRoutesNothingAndAnswersStrictly() throws Exception {
    NodeNamespace node = new NodeNamespace(scratch.namespaces());
    node.ensure();
    node.ensure();
    String settings =
        ScratchNamespaces.in(
                node.path(),
                "/bin/cat",
                "/proc/sys/net/ipv4/ip_forward",
                "/proc/sys/net/ipv4/conf/all/arp_ignore",
                "/proc/sys/net/ipv4/conf/all/arp_announce")
            .out();
    assertEquals("0\n1\n2\n", settings);
    assertEquals(0, ping(node.path(), "127.0.0.1"));
  }

  private Path task(String name, String bridge, String subnet, String address) throws IOException {
    Path netns = scratch.make(name);
    BridgePort port =
        new BridgePort(
            "mt" + name,
            netns,
            "eth1",
            bridge,
            subnet,
            address,
            bridge.equals(NodeBridges.GATEWAY));
    for (int i = 0; i < 2; i++) {
      IpChanges outer = new IpChanges();
      port.hostChanges(outer);
      outer.apply(host);
      IpChanges inner = new IpChanges();
      port.insideChanges(inner);
      inner.apply(netns);
    }
    return netns;
  }

  private static int ping(Path netns, String address) throws IOException {
    return ScratchNamespaces.in(netns, "/bin/ping", "-c", "1", "-W", "1", address).exit();
  }
}
