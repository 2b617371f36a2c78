package io.meshd.dataplane;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two nodes with tasks that have an IPv6 address beside their IPv4 one: what tasks see of it. */
@Timeout(120)
class Ipv6OverlayTest {
  private static final String A = "fd00:1::3";
  private static final String B = "fd00:1::4";
  private static final String LINK_LOCAL_B = "fe80::42:aff:fe00:104";

  private final TestNamespaces namespaces = new TestNamespaces();
  private TestNode a;
  private TestNode b;
  private String taskA;
  private String taskB;

  @BeforeEach
  void twoNodesWithATaskEach() throws Exception {
    String nodeA = namespaces.add("nA");
    String nodeB = namespaces.add("nB");
    TestNode.join(nodeA, "10.99.0.1", nodeB, "10.99.0.2");
    a = new TestNode(namespaces, nodeA, "10.99.0.1");
    b = new TestNode(namespaces, nodeB, "10.99.0.2");
    a.dualStack();
    b.dualStack();
    taskA = a.task("cA", "10.0.1.3");
    taskB = b.task("cB", "10.0.1.4");
    a.remote("10.0.1.4", "10.99.0.2", false);
    b.remote("10.0.1.3", "10.99.0.1", false);
    a.apply();
    b.apply();
  }

  @AfterEach
  void remove() {
    a.close();
    b.close();
    namespaces.close();
  }

  @Test
  void tasksOnTwoNodesPing() {
    ping(taskA, B);
    ping(taskB, A);
    assertTrue(a.counter("nd.replies") >= 1);
    assertEquals(0, b.counter("dropped.inner_nd"), "what the link says stays on its node");
    ping(taskA, LINK_LOCAL_B + "%eth0");
    TestNamespaces.in(taskA, "ping", "-q", "-c", "2", "-i", "0.1", "-s", "5000", "-w", "5", B);
    ping(taskA, "10.0.1.4");
  }

  @Test
  void tcpMovesDataUnharmedInLargeFrames() throws Exception {
    Transfer.check(taskA, taskB, B, 200_000_000);
    Transfer.check(taskB, taskA, A, 200_000_000);
    assertTrue(a.counter("vxlan.tx_datagrams") > 3 * a.counter("tap.rx_frames"), "TSO");
    assertTrue(b.counter("vxlan.rx_datagrams") > 3 * b.counter("tap.tx_frames"), "joined");
  }

  @Test
  void aWireThatSegmentsNothingCarriesItToo() throws Exception {
    for (TestNode node : new TestNode[] {a, b}) {
      TestNamespaces.in(
          node.namespace, "ethtool", "-K", "u0", "tx-udp-segmentation", "off", "tso", "off");
    }
    Transfer.check(taskA, taskB, B, 100_000_000);
  }

  @Test
  void anEncryptedNetworkCarriesItToo() throws Exception {
    for (TestNode node : new TestNode[] {a, b}) {
      node.encrypt(TestNode.key(1));
      node.apply();
    }
    for (String task : new String[] {taskA, taskB}) {
      TestNamespaces.in(task, "ip", "link", "set", "eth0", "mtu", "1424");
    }
    Transfer.check(taskA, taskB, B, 50_000_000);
  }

  @Test
  void twoTasksOfOneNodeTalkWithoutTheUnderlay() throws Exception {
    String second = a.task("cC", "10.0.1.5");
    a.apply();
    ping(taskA, "fd00:1::5");
    Transfer.check(taskA, second, "fd00:1::5", 50_000_000);
    assertEquals(0, a.counter("vxlan.tx_datagrams"));
  }

  @Test
  void aNodesOwnAddressAnswersHereAndThere() throws Exception {
    String nodeNs = a.nodePort("gA", "10.0.1.9");
    b.remote("10.0.1.9", "10.99.0.1", true);
    a.apply();
    b.apply();
    ping(taskA, "fd00:1::9");
    ping(taskB, "fd00:1::9");
    Transfer.check(nodeNs, taskB, B, 20_000_000);
    Transfer.check(taskB, nodeNs, "fd00:1::9", 20_000_000);
  }

  @Test
  void aGroupHearsWhatIsSaidToIt() {
    String heard =
        TestNamespaces.in(taskA, "ping", "-c", "5", "-i", "0.2", "-w", "5", "ff02::1%eth0");
    assertTrue(heard.contains("from " + B) || heard.contains("from " + LINK_LOCAL_B), heard);
  }

  @Test
  void itsOwnAddressIsFoundFreeAndAnothersTaken() {
    TestNamespaces.in(taskA, "ip", "addr", "del", A + "/64", "dev", "eth0");
    TestNamespaces.in(taskA, "ip", "addr", "add", A + "/64", "dev", "eth0");
    TestNamespaces.in(taskA, "ip", "addr", "add", B + "/64", "dev", "eth0");
    await()
        .until(
            () ->
                addresses()
                    .lines()
                    .allMatch(line -> line.contains("dadfailed") || !line.contains("tentative")));
    for (String line : addresses().lines().toList()) {
      assertEquals(line.contains(B + "/64"), line.contains("dadfailed"), line);
    }
    await().until(() -> a.counter("dropped.multicast_listener") > 0);
    assertTrue(a.counter("dropped.unsolicited_nd") > 0, "it asks for its own");
  }

  private String addresses() {
    return TestNamespaces.in(taskA, "ip", "-6", "-o", "addr", "show", "dev", "eth0");
  }

  @Test
  void anAddressThatIsNotItsOwnSpeaksToNobody() {
    TestNamespaces.in(taskA, "ip", "addr", "add", "fd00:1::77/64", "dev", "eth0", "nodad");
    assertThrows(
        AssertionError.class,
        () -> TestNamespaces.in(taskA, "ping", "-q", "-c", "1", "-W", "1", "-I", "fd00:1::77", B));
    assertTrue(a.counter("dropped.spoofed_ip") >= 1);
  }

  private static void ping(String from, String to) {
    TestNamespaces.in(from, "ping", "-q", "-c", "3", "-i", "0.1", "-w", "5", to);
  }
}
