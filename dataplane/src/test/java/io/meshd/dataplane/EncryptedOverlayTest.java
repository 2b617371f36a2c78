package io.meshd.dataplane;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.dataplane.sys.Netns;
import io.meshd.dataplane.wire.TestFrames;
import io.meshd.dataplane.wire.VxlanHeader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two nodes with a task each on one network, and what is on the wire between them. */
@Timeout(120)
class EncryptedOverlayTest {
  private static final String MARKER = "what-nobody-else-is-to-read";

  @TempDir Path folder;
  private final TestNamespaces namespaces = new TestNamespaces();
  private String wire;
  private TestNode a;
  private TestNode b;
  private String taskA = "";
  private String taskB = "";

  @BeforeEach
  void twoNodes() throws Exception {
    String nodeA = namespaces.add("nA");
    wire = namespaces.add("nB");
    TestNode.join(nodeA, "10.99.0.1", wire, "10.99.0.2");
    a = new TestNode(namespaces, nodeA, "10.99.0.1");
    b = new TestNode(namespaces, wire, "10.99.0.2");
  }

  private void withKeys(DataKey... ring) throws Exception {
    a.encrypt(ring);
    b.encrypt(ring);
    tasks();
  }

  private void tasks() throws Exception {
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
  void tcpMovesDataUnharmedInWholeBatches() throws Exception {
    withKeys(TestNode.key(1));
    Transfer.check(taskA, taskB, "10.0.1.4", 300_000_000);
    Transfer.check(taskB, taskA, "10.0.1.3", 100_000_000);
    // Last acknowledgements may be on their way.
    await().until(() -> a.counter("vxlan.tx_datagrams") == a.counter("vxlan.sealed"));
    await().until(() -> a.counter("vxlan.rx_datagrams") == a.counter("vxlan.opened"));
    assertTrue(a.counter("vxlan.tx_datagrams") > 3 * a.counter("vxlan.tx_batches"));
    assertTrue(b.counter("vxlan.rx_datagrams") > 3 * b.counter("tap.tx_frames"));
    for (TestNode node : List.of(a, b)) {
      for (String reason : List.of("bad_tag", "replayed", "no_key", "unknown_key", "not_sealed")) {
        assertEquals(0, node.counter("dropped." + reason), reason);
      }
    }
  }

  @Test
  void theSameOverAWireThatSegmentsNothing() throws Exception {
    withKeys(TestNode.key(1));
    TestNamespaces.in(
        wire, "ethtool", "-K", "u0", "tx-udp-segmentation", "off", "tso", "off", "gro", "on");
    TestNamespaces.in(
        a.namespace,
        "ethtool",
        "-K",
        "u0",
        "tx-udp-segmentation",
        "off",
        "tso",
        "off",
        "gro",
        "on");
    Transfer.check(taskA, taskB, "10.0.1.4", 50_000_000);
    ping(taskA, "10.0.1.4");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aCaptureOfTheWireHoldsTheMarkerOnlyInClear(boolean encrypted) throws Exception {
    if (encrypted) {
      withKeys(TestNode.key(1));
    } else {
      tasks();
    }
    Path file = folder.resolve("wire.pcap");
    Path log = folder.resolve("tcpdump");
    Process capture =
        TestNamespaces.start(
            wire, log, "tcpdump", "-Z", "root", "-U", "-s", "0", "-i", "u0", "-w", file.toString());
    await().until(() -> Files.readString(log).contains("listening on"));
    for (int i = 0; i < 3; i++) {
      say(taskA, "10.0.1.4", "10.0.1.4");
      say(taskB, "10.0.1.3", "10.0.1.3");
      say(taskA, "10.0.1.255", "0.0.0.0");
    }
    await().until(() -> b.counter("vxlan.rx_datagrams") >= 6);
    await().until(() -> Files.size(file) > 9 * 80);
    capture.destroy(); // SIGTERM: tcpdump writes what it has
    assertTrue(capture.waitFor() >= 0);
    String captured = Files.readString(file, StandardCharsets.ISO_8859_1);
    assertEquals(!encrypted, captured.contains(MARKER));
    assertTrue(captured.length() > 6 * 100);
  }

  /** A datagram with the marker, from one task to where the other listens. */
  private void say(String from, String to, String bound) throws Exception {
    String listener = from.equals(taskA) ? taskB : taskA;
    try (DatagramSocket server =
            Netns.call(
                TestNamespaces.path(listener),
                () -> new DatagramSocket(new InetSocketAddress(bound, 9000)));
        DatagramSocket client = Netns.call(TestNamespaces.path(from), () -> new DatagramSocket())) {
      server.setSoTimeout(5000);
      byte[] data = MARKER.getBytes(StandardCharsets.UTF_8);
      client.setBroadcast(true);
      client.send(new DatagramPacket(data, data.length, new InetSocketAddress(to, 9000)));
      DatagramPacket received = new DatagramPacket(new byte[100], 100);
      server.receive(received);
      assertArrayEquals(data, Arrays.copyOf(received.getData(), received.getLength()));
    }
  }

  @Test
  void withoutKeysNothingLeavesAndNothingIsTaken() throws Exception {
    withKeys();
    assertThrows(
        AssertionError.class,
        () ->
            TestNamespaces.in(taskA, "ping", "-q", "-c", "2", "-i", "0.2", "-W", "1", "10.0.1.4"));
    assertEquals(0, a.counter("vxlan.tx_datagrams"));
    assertTrue(a.counter("dropped.no_key") >= 2);
    a.encrypt(TestNode.key(1));
    a.apply();
    TestNamespaces.in(taskA, "sh", "-c", "ping -q -c 2 -i 0.2 -W 1 10.0.1.4 || true");
    assertTrue(a.counter("vxlan.tx_datagrams") >= 2);
    await().until(() -> b.counter("dropped.no_key") >= 2);
    b.encrypt(TestNode.key(1));
    b.apply();
    ping(taskA, "10.0.1.4");
  }

  @Test
  void framesInClearAreNotTakenAndSealedOnesNotOnAPlainNetwork() throws Exception {
    withKeys(TestNode.key(1));
    byte[] frame = TestFrames.udp(0x02420a000103L, 0x02420a000104L, 0x0a000103, 0x0a000104, 20);
    byte[] plain = new byte[VxlanHeader.LENGTH + frame.length];
    VxlanHeader.initialize(MemorySegment.ofArray(plain), 0, TestNode.VNI);
    System.arraycopy(frame, 0, plain, VxlanHeader.LENGTH, frame.length);
    byte[] marked = plain.clone();
    marked[0] |= 0x40;
    long before = b.counter("tap.tx_frames");
    try (DatagramSocket peer =
        Netns.call(
            TestNamespaces.path(a.namespace),
            () -> new DatagramSocket(new InetSocketAddress("10.99.0.1", 0)))) {
      send(peer, plain);
      await().until(() -> b.counter("dropped.not_sealed") == 1);
      send(peer, marked);
      await().until(() -> b.counter("dropped.unknown_key") + b.counter("dropped.bad_tag") == 1);
    }
    assertEquals(before, b.counter("tap.tx_frames"));

    b.close();
    b = new TestNode(namespaces, wire, "10.99.0.2");
    b.attach("cB", taskB, "10.0.1.4");
    b.remote("10.0.1.3", "10.99.0.1", false);
    b.apply();
    TestNamespaces.in(taskA, "sh", "-c", "ping -q -c 2 -i 0.2 -W 1 10.0.1.4 || true");
    await().until(() -> b.counter("dropped.sealed_on_plain") >= 2);
    assertEquals(0, b.counter("vxlan.opened"));
  }

  private static void send(DatagramSocket from, byte[] datagram) throws IOException {
    from.send(
        new DatagramPacket(
            datagram, datagram.length, new InetSocketAddress("10.99.0.2", TestNode.PORT)));
  }

  @Test
  void aFrameThatWouldNotFitTheUnderlaySealedIsAnswered() throws Exception {
    withKeys(TestNode.key(1));
    TestNamespaces.in(
        taskA, "ping", "-q", "-c", "1", "-w", "5", "-M", "do", "-s", "1396", "10.0.1.4");
    TestNamespaces.in(taskA, "ip", "link", "set", "eth0", "mtu", "1450");
    assertThrows(
        AssertionError.class,
        () ->
            TestNamespaces.in(taskA, "ping", "-q", "-c", "1", "-W", "1", "-s", "1411", "10.0.1.4"));
    assertEquals(1, a.counter("path.too_big_answers"));
  }

  @Test
  void keysRotateUnderATransferWithoutALoss() throws Exception {
    withKeys(TestNode.key(1));
    AtomicBoolean done = new AtomicBoolean();
    Thread rotation =
        Thread.ofPlatform()
            .start(
                () -> {
                  for (int k = 1; !done.get(); k++) {
                    rotate(k);
                  }
                });
    try {
      Transfer.check(taskA, taskB, "10.0.1.4", 400_000_000);
      TestNamespaces.in(taskA, "ping", "-q", "-f", "-c", "3000", "-w", "20", "10.0.1.4");
    } finally {
      done.set(true);
      rotation.join();
    }
    for (TestNode node : List.of(a, b)) {
      for (String reason : List.of("bad_tag", "replayed", "no_key", "unknown_key")) {
        assertEquals(0, node.counter("dropped." + reason), reason);
      }
    }
  }

  /** As the cluster does it: the next one is readable everywhere before anybody sends with it. */
  private void rotate(int key) {
    DataKey before = TestNode.key(key - 1);
    DataKey now = TestNode.key(key);
    DataKey next = TestNode.key(key + 1);
    use(now, next, before);
    // The cluster takes its time here, so that what is on its way under the oldest arrives.
    await().pollDelay(Duration.ofMillis(50)).until(() -> true);
    use(next, now);
  }

  private void use(DataKey... ring) {
    for (TestNode node : List.of(a, b)) {
      node.encrypt(ring);
      node.apply();
    }
  }

  @Test
  void connectionsSurviveARestart() throws Exception {
    withKeys(TestNode.key(1));
    ping(taskA, "10.0.1.4");
    a.restart();
    a.dataplane().attachTap(new TapAttachment("cA", TestNamespaces.path(taskA), "eth0"));
    a.apply();
    ping(taskA, "10.0.1.4");
    ping(taskB, "10.0.1.3");
  }

  private static void ping(String from, String to) {
    TestNamespaces.in(from, "ping", "-q", "-c", "3", "-i", "0.1", "-w", "5", to);
  }
}
