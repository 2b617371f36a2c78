package io.meshd.dataplane;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.dataplane.ForwardingSpec.Balancing;
import io.meshd.dataplane.sys.Netns;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A task sends many datagrams in one call (UDP_SEGMENT, udp(7)); the receiver's socket has never
 * heard of that, and is to see each as it was sent.
 */
@Timeout(120)
class DatagramOffloadTest {
  private static final int SIZE = 1380;
  private static final int LAST = 77;
  private static final int WHOLE = 40;
  private static final int RECEIVE_BUFFER = 1 << 20;
  private static final int BACKEND_PORT = 7000;
  private static final String VIRTUAL = "10.0.1.2";

  private final TestNamespaces namespaces = new TestNamespaces();
  private TestNode a;
  private TestNode b;
  private String sender;
  private String here;
  private String there;

  @BeforeEach
  void twoNodes() throws Exception {
    String nodeA = namespaces.add("nA");
    String nodeB = namespaces.add("nB");
    TestNode.join(nodeA, "10.99.0.1", nodeB, "10.99.0.2");
    a = new TestNode(namespaces, nodeA, "10.99.0.1");
    b = new TestNode(namespaces, nodeB, "10.99.0.2");
    a.dualStack();
    b.dualStack();
    sender = a.task("cA", "10.0.1.3");
    here = a.task("cL", "10.0.1.5");
    there = b.task("cB", "10.0.1.4");
    a.remote("10.0.1.4", "10.99.0.2", false);
    b.remote("10.0.1.3", "10.99.0.1", false);
    a.apply();
    b.apply();
    for (String to : new String[] {"10.0.1.4", "10.0.1.5", "fd00:1::4"}) {
      TestNamespaces.in(sender, "ping", "-q", "-c", "1", "-w", "5", to);
    }
  }

  @AfterEach
  void remove() {
    a.close();
    b.close();
    namespaces.close();
  }

  @Test
  void aBurstCrossesInFewFramesAndArrivesAsTheDatagramsThatWereSent() throws Exception {
    long before = a.counter("tap.rx_frames");
    long cut = a.counter("vxlan.tx_datagrams");
    long written = b.counter("tap.tx_frames");
    arrivesWhole(there, "10.0.1.4");
    assertTrue(a.counter("tap.rx_frames") - before < 5, "it leaves the task in one frame");
    await().until(() -> a.counter("vxlan.tx_datagrams") - cut > WHOLE);
    assertTrue(b.counter("tap.tx_frames") - written < WHOLE / 2, "it is joined on receipt");
  }

  @Test
  void overIpv6Too() throws Exception {
    long before = a.counter("tap.rx_frames");
    long written = b.counter("tap.tx_frames");
    arrivesWhole(there, "fd00:1::4");
    assertTrue(a.counter("tap.rx_frames") - before < WHOLE / 2, "it leaves in few frames");
    assertTrue(b.counter("tap.tx_frames") - written < WHOLE / 2, "it is joined on receipt");
  }

  @Test
  void itIsTheSameOverAWireThatSegmentsNothing() throws Exception {
    for (TestNode node : new TestNode[] {a, b}) {
      TestNamespaces.in(
          node.namespace, "ethtool", "-K", "u0", "tx-udp-segmentation", "off", "tso", "off");
    }
    arrivesWhole(there, "10.0.1.4");
  }

  @Test
  void aNeighbourOnTheSameNodeSeesThemToo() throws Exception {
    arrivesWhole(here, "10.0.1.5");
    assertEquals(0, a.counter("dropped.port_down"));
  }

  @Test
  void onAnEncryptedNetworkToo() throws Exception {
    for (TestNode node : new TestNode[] {a, b}) {
      node.encrypt(TestNode.key(1));
      node.apply();
    }
    arrivesWhole(there, "10.0.1.4");
  }

  @Test
  void aVirtualAddressTakesAndGivesThemToo() throws Exception {
    a.service(VIRTUAL, Balancing.DEFAULT, TestNode.backend("10.0.1.4"));
    a.apply();
    arrivesWhole(there, "10.0.1.4", VIRTUAL);

    try (BurstSocket backend = BurstSocket.bind(there, "10.0.1.4", BACKEND_PORT, SIZE);
        DatagramSocket client = receiver(sender, "10.0.1.3")) {
      client.connect(new InetSocketAddress(VIRTUAL, BACKEND_PORT));
      client.send(new DatagramPacket(new byte[1], 1));
      await().until(() -> a.counter("flows.opened") == 2);
      long written = a.counter("tap.tx_frames");
      backend.send(burst(), "10.0.1.3", client.getLocalPort());
      // Connected: it takes only what comes from the virtual address.
      receives(client);
      assertTrue(a.counter("tap.tx_frames") - written < WHOLE / 2, "joined, and readdressed");
    }
  }

  private void arrivesWhole(String to, String address) throws Exception {
    arrivesWhole(to, address, address);
  }

  private void arrivesWhole(String to, String address, String dialed) throws Exception {
    String any = dialed.contains(":") ? "::" : "0.0.0.0";
    try (BurstSocket from = BurstSocket.bind(sender, any, 0, SIZE);
        DatagramSocket receiver = receiver(to, address)) {
      from.send(burst(), dialed, receiver.getLocalPort());
      receives(receiver);
    }
  }

  private static DatagramSocket receiver(String namespace, String address) throws Exception {
    DatagramSocket socket =
        Netns.call(
            TestNamespaces.path(namespace),
            () -> new DatagramSocket(new InetSocketAddress(address, 0)));
    socket.setReceiveBufferSize(RECEIVE_BUFFER);
    socket.setSoTimeout(10_000);
    return socket;
  }

  private static byte[] burst() {
    byte[] data = new byte[WHOLE * SIZE + LAST];
    new SplittableRandom(41).nextBytes(data);
    return data;
  }

  private static void receives(DatagramSocket receiver) throws IOException {
    byte[] data = burst();
    DatagramPacket received = new DatagramPacket(new byte[65_536], 65_536);
    for (int at = 0; at < data.length; at += SIZE) {
      receiver.receive(received);
      byte[] expected = Arrays.copyOfRange(data, at, Math.min(data.length, at + SIZE));
      byte[] actual = Arrays.copyOf(received.getData(), received.getLength());
      assertArrayEquals(expected, actual, "from byte " + at);
      received.setLength(65_536);
    }
  }
}
