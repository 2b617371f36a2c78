package io.meshd.dataplane;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.dataplane.ForwardingSpec.Balancing;
import io.meshd.dataplane.sys.Netns;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Two nodes with two routers between them, whose link to each other has an MTU of its own:
 *
 * <pre>  nA 10.99.1.1 -- 10.99.1.2 r1 10.99.2.1 -- 10.99.2.2 r2 10.99.3.2 -- 10.99.3.1 nB</pre>
 */
@Timeout(120)
class PathMtuTest {
  private static final String VTEP_A = "10.99.1.1";
  private static final String VTEP_B = "10.99.3.1";
  private static final PathTiming QUICK =
      new PathTiming(Duration.ofMillis(80), Duration.ofMillis(300), Duration.ofSeconds(1));

  private final TestNamespaces namespaces = new TestNamespaces();
  private String nodeA;
  private String nodeB;
  private String routerA;
  private String routerB;
  private TestNode a;
  private TestNode b;
  private String taskA;
  private String taskB;

  @BeforeEach
  void twoNodesAndTwoRouters() throws Exception {
    nodeA = namespaces.add("nA");
    nodeB = namespaces.add("nB");
    routerA = namespaces.add("r1");
    routerB = namespaces.add("r2");
    link(nodeA, "u0", VTEP_A, routerA, "node", "10.99.1.2");
    link(nodeB, "u0", VTEP_B, routerB, "node", "10.99.3.2");
    link(routerA, "mid", "10.99.2.1", routerB, "mid", "10.99.2.2");
    route(nodeA, "default", "10.99.1.2");
    route(nodeB, "default", "10.99.3.2");
    route(routerA, "10.99.3.0/24", "10.99.2.2");
    route(routerB, "10.99.1.0/24", "10.99.2.1");
    for (String router : List.of(routerA, routerB)) {
      TestNamespaces.in(router, "sysctl", "-qw", "net.ipv4.ip_forward=1");
      // By default the kernel says "too big" to one peer about once in a second.
      TestNamespaces.in(router, "sysctl", "-qw", "net.ipv4.icmp_ratelimit=0");
    }
    a = new TestNode(namespaces, nodeA, VTEP_A, QUICK);
    b = new TestNode(namespaces, nodeB, VTEP_B, QUICK);
    a.dualStack();
    b.dualStack();
    taskA = a.task("cA", "10.0.1.3");
    taskB = b.task("cB", "10.0.1.4");
    a.remote("10.0.1.4", VTEP_B, false);
    b.remote("10.0.1.3", VTEP_A, false);
  }

  private static void link(
      String one, String device, String ip, String other, String otherDevice, String otherIp) {
    TestNamespaces.run(
        "ip",
        "link",
        "add",
        device,
        "netns",
        one,
        "type",
        "veth",
        "peer",
        otherDevice,
        "netns",
        other);
    up(one, device, ip);
    up(other, otherDevice, otherIp);
  }

  private static void up(String namespace, String device, String ip) {
    TestNamespaces.in(namespace, "ip", "addr", "add", ip + "/24", "dev", device);
    TestNamespaces.in(namespace, "ip", "link", "set", device, "up");
  }

  private static void route(String namespace, String to, String via) {
    TestNamespaces.in(namespace, "ip", "route", "add", to, "via", via);
  }

  @AfterEach
  void remove() {
    a.close();
    b.close();
    namespaces.close();
  }

  /** Of the link between the routers. */
  private void middle(int mtu) {
    for (String router : List.of(routerA, routerB)) {
      TestNamespaces.in(router, "ip", "link", "set", "mid", "mtu", Integer.toString(mtu));
    }
  }

  private void everywhere(int mtu) {
    middle(mtu);
    for (String router : List.of(routerA, routerB)) {
      TestNamespaces.in(router, "ip", "link", "set", "node", "mtu", Integer.toString(mtu));
    }
    for (String node : List.of(nodeA, nodeB)) {
      TestNamespaces.in(node, "ip", "link", "set", "u0", "mtu", Integer.toString(mtu));
    }
  }

  private void filterIcmp() {
    for (String router : List.of(routerA, routerB)) {
      TestNamespaces.in(
          router,
          "nft",
          "add table ip f; add chain ip f o { type filter hook output priority 0; };"
              + " add rule ip f o icmp type destination-unreachable drop");
    }
  }

  private void start() {
    a.apply();
    b.apply();
  }

  private void awaitPaths(int mtu) {
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> List.of(path(a), path(b)), List.of(mtu, mtu)::equals);
  }

  private static int path(TestNode node) {
    return node.dataplane().paths().getFirst().mtu();
  }

  @Test
  void aSmallerPathIsFoundAndNothingIsLostOrFragmentedOnIt() throws Exception {
    String nodeNamespace = a.nodePort("gA", "10.0.1.9");
    b.remote("10.0.1.9", VTEP_A, true);
    middle(1400);
    start();
    awaitPaths(1400);
    assertEquals(1400, a.counter("path.mtu." + VTEP_B));
    int before = fragmentsMade();

    assertTrue(ping("-M", "dont", "-s", "1400", "10.0.1.4").contains(" 1 received"));
    assertTrue(ping("-M", "dont", "-s", "5000", "10.0.1.4").contains(" 1 received"));
    assertTrue(a.counter("path.fragmented") > 0);
    assertTrue(b.counter("path.fragmented") > 0);
    assertTrue(ping("-M", "do", "-s", "1322", "10.0.1.4").contains(" 1 received"));
    String said = ping("-M", "do", "-s", "1323", "10.0.1.4");
    assertTrue(said.contains("From 10.0.1.4") && said.contains("(mtu = 1350)"), said);
    said = ping("-M", "do", "-s", "1303", "fd00:1::4");
    assertTrue(said.contains("Packet too big: mtu=1350"), said);
    // IPv6 is fragmented by who sends it: the first reply is lost, and tells its sender.
    await().until(() -> ping("-s", "5000", "fd00:1::4").contains(" 1 received"));
    assertTrue(b.counter("path.too_big_answers") >= 1);

    Transfer.check(taskA, taskB, "10.0.1.4", 10_000_000);
    Transfer.check(taskB, taskA, "10.0.1.3", 10_000_000);
    Transfer.check(taskA, taskB, "fd00:1::4", 10_000_000);
    Transfer.check(taskB, taskA, "fd00:1::3", 10_000_000);
    Transfer.check(nodeNamespace, taskB, "10.0.1.4", 10_000_000);

    assertEquals(before, fragmentsMade());
    assertTrue(b.counter("path.mss_clamped") > 0);
    assertTrue(a.counter("path.too_big_answers") >= 2);
    assertEquals(0, a.counter("dropped.frame_too_big"));
  }

  @Test
  void aConnectionThatIsThereWhenThePathShrinksGoesOn() throws Exception {
    start();
    awaitPaths(1500);
    try (ServerSocket server =
            Netns.call(
                TestNamespaces.path(taskB),
                () -> {
                  ServerSocket socket = new ServerSocket();
                  socket.bind(new InetSocketAddress("10.0.1.4", 0));
                  return socket;
                });
        Socket client =
            Netns.call(
                TestNamespaces.path(taskA), () -> new Socket("10.0.1.4", server.getLocalPort()));
        Socket accepted = server.accept()) {
      middle(1300);
      awaitPaths(1300);
      int before = fragmentsMade();
      byte[] data = new byte[5_000_000];
      Thread writer =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      client.getOutputStream().write(data);
                    } catch (java.io.IOException e) {
                      throw new AssertionError(e);
                    }
                  });
      accepted.setSoTimeout(20_000);
      assertEquals(data.length, accepted.getInputStream().readNBytes(data.length).length);
      writer.join();
      assertTrue(a.counter("path.recut") > 0);
      assertEquals(before, fragmentsMade());
    }
  }

  @Test
  void aPathThatShrinksWithoutAWordIsNoticedAndOneThatGrowsToo() throws Exception {
    filterIcmp();
    start();
    awaitPaths(1500);
    middle(1400);
    awaitPaths(1400);
    Transfer.check(taskA, taskB, "10.0.1.4", 20_000_000);
    middle(1500);
    awaitPaths(1500);
    assertTrue(ping("-M", "do", "-s", "1422", "10.0.1.4").contains(" 1 received"));
  }

  @Test
  void whoIsSilentKeepsItsPath() throws Exception {
    middle(1400);
    start();
    awaitPaths(1400);
    long asked = a.counter("path.probes");
    TestNamespaces.in(routerA, "ip", "link", "set", "mid", "down");
    await().until(() -> a.counter("path.probes") > asked + 8);
    assertEquals(1400, path(a));
    TestNamespaces.in(routerA, "ip", "link", "set", "mid", "up");
    route(routerA, "10.99.3.0/24", "10.99.2.2");
    await().until(() -> ping("10.0.1.4").contains(" 1 received"));
    awaitPaths(1400);
  }

  @Test
  void jumboFramesAreUsedWhereThePathCarriesThem() throws Exception {
    everywhere(9000);
    start();
    awaitPaths(9000);
    mtu(taskA, 8950);
    mtu(taskB, 8950);
    assertTrue(ping("-M", "do", "-s", "8922", "10.0.1.4").contains(" 1 received"));
    assertTrue(ping("-M", "do", "-s", "8902", "fd00:1::4").contains(" 1 received"));
    long before = a.counter("vxlan.tx_datagrams");
    Transfer.check(taskA, taskB, "10.0.1.4", 50_000_000);
    long datagrams = a.counter("vxlan.tx_datagrams") - before;
    assertTrue(datagrams < 50_000_000 / 7000, "datagrams " + datagrams);

    // One that was made when the underlay was an ordinary one.
    mtu(taskB, 1450);
    Transfer.check(taskA, taskB, "10.0.1.4", 20_000_000);
    Transfer.check(taskB, taskA, "10.0.1.3", 20_000_000);
    assertTrue(ping("-M", "do", "-s", "8000", "10.0.1.4").contains(" 1 received"));

    middle(1500);
    awaitPaths(1500);
    Transfer.check(taskA, taskB, "10.0.1.4", 20_000_000);
    String said = ping("-M", "do", "-s", "8000", "10.0.1.4");
    assertTrue(said.contains("(mtu = 1450)"), said);
  }

  private static void mtu(String task, int mtu) {
    TestNamespaces.in(task, "ip", "link", "set", "eth0", "mtu", Integer.toString(mtu));
  }

  /** As with a peer of an earlier version, or while a node has just begun. */
  @Test
  void aPathThatIsNotKnownRefusesNothing() throws Exception {
    everywhere(9000);
    a.close();
    a = new TestNode(namespaces, nodeA, VTEP_A, QUICK);
    a.dualStack();
    a.attach("cA", taskA, "10.0.1.3");
    a.remote("10.0.1.4", VTEP_B, false);
    mtu(taskA, 8950);
    TestNamespaces.in(
        routerA,
        "nft",
        "add table ip f; add chain ip f fw { type filter hook forward priority 0; };"
            + " add rule ip f fw udp dport 4789 @th,64,8 0 drop"); // VXLAN without the I flag
    start();
    assertTrue(ping("-M", "do", "-s", "8922", "10.0.1.4").contains(" 1 received"));
    Transfer.check(taskA, taskB, "10.0.1.4", 5_000_000);
    assertEquals(0, path(a));
    assertEquals(0, a.counter("path.too_big_answers"));
    assertTrue(a.counter("path.left_to_underlay") > 0);
  }

  @Test
  void whoAsksAVirtualAddressHearsItFromThere() throws Exception {
    a.service("10.0.1.2", Balancing.DEFAULT, TestNode.backend("10.0.1.4"));
    middle(1400);
    start();
    awaitPaths(1400);
    Transfer.check(taskA, taskB, "10.0.1.4", "10.0.1.2", 20_000_000);
    try (DatagramSocket server = udp(taskB, "10.0.1.4");
        DatagramSocket client = udp(taskA, "10.0.1.3")) {
      byte[] data = new byte[1400];
      InetSocketAddress virtual =
          new InetSocketAddress(InetAddress.ofLiteral("10.0.1.2"), server.getLocalPort());
      await()
          .until(
              () -> {
                client.send(new DatagramPacket(data, data.length, virtual));
                return TestNamespaces.in(taskA, "ip", "route", "get", "10.0.1.2")
                    .contains("mtu 1350");
              });
      client.send(new DatagramPacket(data, data.length, virtual));
      DatagramPacket received = new DatagramPacket(new byte[2000], 2000);
      server.receive(received);
      assertEquals(1400, received.getLength());
    }
  }

  private static DatagramSocket udp(String namespace, String address) throws Exception {
    return Netns.call(
        TestNamespaces.path(namespace),
        () -> {
          DatagramSocket socket = new DatagramSocket(new InetSocketAddress(address, 0));
          socket.setSoTimeout(5000);
          return socket;
        });
  }

  @Test
  void sealingIsCountedIn() throws Exception {
    a.encrypt(TestNode.key(1));
    b.encrypt(TestNode.key(1));
    middle(1400);
    start();
    awaitPaths(1400);
    int before = fragmentsMade();
    String said = ping("-M", "do", "-s", "1323", "10.0.1.4");
    assertTrue(said.contains("(mtu = 1324)"), said);
    assertTrue(ping("-M", "dont", "-s", "4000", "10.0.1.4").contains(" 1 received"));
    Transfer.check(taskA, taskB, "10.0.1.4", 20_000_000);
    Transfer.check(taskB, taskA, "fd00:1::3", 20_000_000);
    assertEquals(before, fragmentsMade());
  }

  private String ping(String... arguments) {
    String all = String.join(" ", arguments);
    return TestNamespaces.in(taskA, "sh", "-c", "ping -c 1 -W 2 " + all + " || true");
  }

  /** By nodes and routers, out of packets that were too big for them. */
  private int fragmentsMade() {
    int made = 0;
    for (String namespace : List.of(nodeA, nodeB, routerA, routerB)) {
      List<String> lines =
          TestNamespaces.in(namespace, "grep", "^Ip:", "/proc/net/snmp").lines().toList();
      int column = List.of(lines.get(0).split(" ", -1)).indexOf("FragCreates");
      made += Integer.parseInt(lines.get(1).split(" ", -1)[column]);
    }
    return made;
  }
}
