package io.meshd.dataplane;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.dataplane.sys.Netns;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Two nodes with tasks behind them: what tasks see of the overlay. */
@Timeout(120)
class OverlayTest {
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
  void tasksOnTwoNodesPing() throws Exception {
    ping(taskA, "10.0.1.4");
    ping(taskB, "10.0.1.3");
    assertTrue(a.counter("arp.replies") >= 1);
  }

  @Test
  void tcpMovesDataUnharmed() throws Exception {
    Transfer.check(taskA, taskB, "10.0.1.4", 300_000_000);
    Transfer.check(taskB, taskA, "10.0.1.3", 300_000_000);
    assertTrue(a.counter("vxlan.tx_datagrams") > 3 * a.counter("vxlan.tx_batches"));
    assertTrue(b.counter("vxlan.rx_datagrams") > 3 * b.counter("tap.tx_frames"));
  }

  @Test
  void udpWithPartialChecksumArrivesWhole() throws Exception {
    try (DatagramSocket server = udp(taskB, "10.0.1.4");
        DatagramSocket client = udp(taskA, "10.0.1.3")) {
      byte[] data = "hello".getBytes(StandardCharsets.UTF_8);
      client.send(new DatagramPacket(data, data.length, server.getLocalSocketAddress()));
      DatagramPacket received = new DatagramPacket(new byte[100], 100);
      server.receive(received);
      assertEquals("10.0.1.3", received.getAddress().getHostAddress());
      assertEquals(data.length, received.getLength());
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
  void twoTasksOfOneNodeTalkWithoutTheUnderlay() throws Exception {
    String second = a.task("cC", "10.0.1.5");
    a.apply();
    ping(taskA, "10.0.1.5");
    Transfer.check(taskA, second, "10.0.1.5", 100_000_000);
    assertEquals(0, a.counter("vxlan.tx_datagrams"));
  }

  @Test
  void theGatewayAnswersOnEachNodeAndStaysThere() throws Exception {
    String nodeNs = a.nodePort("gA", "10.0.1.9");
    b.remote("10.0.1.9", "10.99.0.1", true);
    a.apply();
    b.apply();
    ping(taskA, "10.0.1.1");
    ping(taskA, "10.0.1.9");
    assertEquals(0, a.counter("vxlan.tx_datagrams"));
    ping(taskB, "10.0.1.9");
    Transfer.check(nodeNs, taskB, "10.0.1.4", 50_000_000);
    Transfer.check(taskB, nodeNs, "10.0.1.9", 50_000_000);
  }

  @Test
  void aFrameTooBigForTheUnderlayIsAnsweredOrCounted() {
    TestNamespaces.in(taskA, "ip", "link", "set", "eth0", "mtu", "1500");
    lost(taskA, "10.0.1.4", "-M", "do", "-s", "1472");
    assertEquals(1, a.counter("path.too_big_answers"));
    lost(taskA, "10.0.1.255", "-b", "-M", "do", "-s", "1472");
    assertEquals(1, a.counter("dropped.frame_too_big"), "nobody is told of a broadcast");
    assertEquals(0, a.counter("vxlan.tx_datagrams"));
  }

  /** One, to be lost. */
  private static void lost(String from, String to, String... options) {
    List<String> command = new ArrayList<>(List.of("ping", "-c", "1", "-W", "1", to));
    command.addAll(List.of(options));
    assertThrows(
        AssertionError.class, () -> TestNamespaces.in(from, command.toArray(String[]::new)));
  }

  @Test
  void anUnderlayWhoseMtuShrinksFragmentsInsteadOfLosing() throws Exception {
    for (TestNode node : List.of(a, b)) {
      TestNamespaces.in(node.namespace, "ip", "link", "set", "u0", "mtu", "1300");
    }
    Transfer.check(taskA, taskB, "10.0.1.4", 20_000_000);
    assertEquals(0, a.counter("dropped.underlay_error"));
  }

  @Test
  void connectionsSurviveARestartBecauseTheTapStays() throws Exception {
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
      accepted.setSoTimeout(20_000);
      client.getOutputStream().write(1);
      assertEquals(1, accepted.getInputStream().read());

      a.restart();
      a.dataplane().attachTap(new TapAttachment("cA", TestNamespaces.path(taskA), "eth0"));
      a.apply();

      client.getOutputStream().write(2);
      assertEquals(2, accepted.getInputStream().read());
      ping(taskA, "10.0.1.4");
    }
  }

  @Test
  void aTapInUseIsSaidToBe() {
    IOException e =
        assertThrows(
            IOException.class,
            () ->
                b.dataplane()
                    .attachTap(new TapAttachment("x", TestNamespaces.path(taskA), "eth0")));
    assertEquals(
        "device eth0 in /run/netns/" + taskA + " is in use by another process", e.getMessage());
    IOException missing =
        assertThrows(
            IOException.class,
            () ->
                a.dataplane()
                    .attachTap(new TapAttachment("x", Path.of("/run/netns/none"), "eth0")));
    assertEquals("no network namespace /run/netns/none", missing.getMessage());
  }

  @Test
  void attachingTwiceChangesNothingAndDetachingRemovesTheDevice() throws Exception {
    a.dataplane().attachTap(new TapAttachment("cA", TestNamespaces.path(taskA), "eth0"));
    ping(taskA, "10.0.1.4");
    a.dataplane().detachTap("cA");
    a.dataplane().detachTap("cA");
    assertFalse(TestNamespaces.in(taskA, "ip", "-br", "link").contains("eth0"));
  }

  @Test
  void aDeviceThatGoesAwayLeavesAPortWithout() throws Exception {
    TestNamespaces.in(taskA, "ip", "link", "del", "eth0");
    droppedAsNotAttached();
    a.dataplane().attachTap(new TapAttachment("cA", TestNamespaces.path(taskA), "eth0"));
    TestNode.plumb(taskA, "10.0.1.3");
    ping(taskA, "10.0.1.4");
  }

  @Test
  void aNamespaceThatGoesAwayTakesItsPortAlong() throws Exception {
    namespaces.delete(taskA);
    droppedAsNotAttached();
    String again = namespaces.add("cA");
    assertEquals(taskA, again);
    a.dataplane().attachTap(new TapAttachment("cA", TestNamespaces.path(again), "eth0"));
    TestNode.plumb(again, "10.0.1.3");
    ping(again, "10.0.1.4");
  }

  private void droppedAsNotAttached() {
    await()
        .until(
            () -> {
              TestNamespaces.in(taskB, "sh", "-c", "ping -q -c 1 -W 0.1 10.0.1.3 || true");
              return a.counter("dropped.port_not_attached") > 0;
            });
  }

  private static void ping(String from, String to) {
    TestNamespaces.in(from, "ping", "-q", "-c", "3", "-i", "0.1", "-w", "5", to);
  }
}
