package io.meshd.dataplane;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshd.dataplane.sys.Netns;
import io.meshd.dataplane.wire.PathProbe;
import io.meshd.dataplane.wire.TcpHeader;
import io.meshd.dataplane.wire.TestFrames;
import io.meshd.dataplane.wire.VxlanHeader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Datagrams from the underlay that nobody should believe, sent to a living node. */
@Timeout(120)
class HostileFramesTest {
  private static final long TASK = 0x02420a000103L;
  private static final long PEER = 0x02420a000104L;
  private static final int TASK_IP = 0x0a000103;
  private static final int PEER_IP = 0x0a000104;
  private static final int UDP = 17;
  private static final int ICMPV6 = 58;
  private static final byte[] DATAGRAM = {
    3, 4, 5, 6, 0, 20, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
  };

  private final TestNamespaces namespaces = new TestNamespaces();
  private String theirs;
  private TestNode node;
  private DatagramSocket vtep;
  private DatagramSocket stranger;

  @BeforeEach
  void aNodeAndAnAttacker() throws Exception {
    String ours = namespaces.add("nA");
    theirs = namespaces.add("nH");
    TestNode.join(ours, "10.99.0.1", theirs, "10.99.0.2");
    TestNamespaces.in(theirs, "ip", "addr", "add", "10.99.0.66/24", "dev", "u0");
    node = new TestNode(namespaces, ours, "10.99.0.1");
    // Without address the task's kernel takes what comes and says nothing.
    String task = namespaces.add("cA");
    node.dualStack();
    node.attach("cA", task, "10.0.1.3");
    TestNamespaces.in(task, "ip", "link", "set", "eth0", "address", "02:42:0a:00:01:03", "up");
    node.remote("10.0.1.4", "10.99.0.2", false);
    node.remote("10.0.1.5", "10.99.0.5", false);
    node.apply();
    vtep = socket(theirs, "10.99.0.2", 0);
    stranger = socket(theirs, "10.99.0.66", 0);
  }

  private static DatagramSocket socket(String namespace, String address, int port)
      throws Exception {
    return Netns.call(
        TestNamespaces.path(namespace),
        () -> new DatagramSocket(new InetSocketAddress(address, port)));
  }

  @AfterEach
  void remove() {
    vtep.close();
    stranger.close();
    node.close();
    namespaces.close();
  }

  @Test
  void probesAreAnsweredToVtepsAndAnswersBelievedByTheirNonceAlone() throws Exception {
    try (DatagramSocket heard = socket(theirs, "10.99.0.2", TestNode.PORT)) {
      heard.setSoTimeout(10_000);
      send(vtep, probe(PathProbe.QUESTION, 1300, 4711, 1300));
      MemorySegment answer = MemorySegment.ofArray(new byte[2000]);
      DatagramPacket packet = new DatagramPacket((byte[]) answer.heapBase().orElseThrow(), 2000);
      do {
        heard.receive(packet); // its own probes too
      } while (PathProbe.kind(answer, 0) != PathProbe.ANSWER);
      assertEquals(PathProbe.LENGTH, packet.getLength());
      assertEquals(4711, PathProbe.nonce(answer, 0));
      assertEquals(1300, PathProbe.size(answer, 0));
    }
    send(stranger, probe(PathProbe.QUESTION, 1300, 4711, 1300));
    counted("dropped.vxlan_malformed", 1);
    send(vtep, probe(PathProbe.QUESTION, 9000, 4711, 1300)); // shorter than it says
    counted("dropped.vxlan_malformed", 2);
    send(vtep, probe(3, 1300, 4711, 1300));
    counted("dropped.vxlan_malformed", 3);
    for (int size : new int[] {1200, 1500, 9000}) {
      send(vtep, probe(PathProbe.ANSWER, size, 4711, 44));
    }
    counted("dropped.vxlan_malformed", 6);
    assertEquals(0, node.dataplane().paths().getFirst().mtu());
    assertEquals(1, node.counter("path.answers"));
  }

  private static byte[] probe(int kind, int size, long nonce, int packet) {
    byte[] datagram = new byte[packet - 28];
    PathProbe.write(MemorySegment.ofArray(datagram), 0, kind, size, nonce);
    return datagram;
  }

  @Test
  void eachLieHasItsReason() throws Exception {
    byte[] good = TestFrames.udp(PEER, TASK, PEER_IP, TASK_IP, 20);
    send(vtep, vxlan(TestNode.VNI, good));
    counted("tap.tx_frames", 1);

    send(stranger, vxlan(TestNode.VNI, good));
    counted("dropped.unknown_vtep", 1);
    send(vtep, vxlan(99, good));
    counted("dropped.unknown_vni", 1);
    send(vtep, vxlan(TestNode.VNI, TestFrames.udp(TASK, TASK, PEER_IP, TASK_IP, 20)));
    counted("dropped.spoofed_inner_mac", 1);
    long behindAnother = 0x02420a000105L;
    send(vtep, vxlan(TestNode.VNI, TestFrames.udp(behindAnother, TASK, 0x0a000105, TASK_IP, 20)));
    counted("dropped.spoofed_inner_mac", 2);
    send(vtep, vxlan(TestNode.VNI, TestFrames.udp(PEER, TASK, 0x0a000105, TASK_IP, 20)));
    counted("dropped.spoofed_inner_ip", 1);
    send(vtep, vxlan(TestNode.VNI, TestFrames.arp(1, PEER, PEER_IP, TASK_IP)));
    counted("dropped.inner_arp", 1);
    send(vtep, vxlan(TestNode.VNI, TestFrames.udp(PEER, behindAnother, PEER_IP, TASK_IP, 20)));
    counted("dropped.not_local", 1);
    byte[] noFlag = vxlan(TestNode.VNI, good);
    noFlag[0] = 0;
    send(vtep, noFlag);
    counted("dropped.vxlan_malformed", 1);
    assertEquals(1, node.counter("tap.tx_frames"));
    assertEquals(0, node.counter("vxlan.tx_datagrams"));
  }

  @Test
  void eachLieOverIpv6HasItsReason() throws Exception {
    send(vtep, vxlan(TestNode.VNI, ipv6("fd00:1::4", UDP, DATAGRAM)));
    counted("tap.tx_frames", 1);
    send(vtep, vxlan(TestNode.VNI, ipv6("fd00:1::5", UDP, DATAGRAM)));
    counted("dropped.spoofed_inner_ip", 1);
    send(vtep, vxlan(TestNode.VNI, ipv6("fe80::42:aff:fe00:105", UDP, DATAGRAM)));
    counted("dropped.spoofed_inner_ip", 2);
    byte[] advertisement = new byte[32];
    advertisement[0] = (byte) 136;
    send(vtep, vxlan(TestNode.VNI, ipv6("fd00:1::4", ICMPV6, advertisement)));
    counted("dropped.inner_nd", 1);
    byte[] router = {(byte) 134, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    send(vtep, vxlan(TestNode.VNI, ipv6("fe80::42:aff:fe00:104", ICMPV6, router)));
    counted("dropped.inner_nd", 2);
    byte[] endless = new byte[80]; // hop-by-hop options, again and again
    send(vtep, vxlan(TestNode.VNI, ipv6("fd00:1::4", 0, endless)));
    counted("dropped.inner_malformed", 1);
    assertEquals(1, node.counter("tap.tx_frames"));
    assertEquals(0, node.counter("vxlan.tx_datagrams"));
  }

  @Test
  void noTruncationGetsThrough() throws Exception {
    truncated(
        new TestFrames.Tcp(PEER, TASK, PEER_IP, TASK_IP, 1, true, 7, TcpHeader.ACK, 12, new byte[9])
            .bytes());
  }

  @Test
  void noTruncationOfIpv6GetsThrough() throws Exception {
    byte[] behindOptions = {UDP, 0, 1, 4, 0, 0, 0, 0, 3, 4, 5, 6, 0, 8, 9, 9};
    truncated(ipv6("fd00:1::4", 60, behindOptions));
  }

  private void truncated(byte[] frame) throws Exception {
    byte[] whole = vxlan(TestNode.VNI, frame);
    for (int length = 0; length < whole.length; length++) {
      send(vtep, Arrays.copyOf(whole, length));
    }
    counted("vxlan.rx_datagrams", whole.length);
    await()
        .until(
            () ->
                node.counter("dropped.vxlan_malformed") + node.counter("dropped.inner_malformed")
                    == whole.length);
    assertEquals(0, node.counter("tap.tx_frames"));
    stillWorks();
  }

  @Test
  void randomBytesCrashNothing() throws Exception {
    SplittableRandom random = new SplittableRandom(4789);
    byte[][] good = {
      vxlan(TestNode.VNI, TestFrames.tcp(random, TcpHeader.ACK, 4, 300).bytes()),
      vxlan(TestNode.VNI, ipv6("fd00:1::4", UDP, DATAGRAM)),
    };
    for (int round = 0; round < 20_000; round++) {
      byte[] datagram = good[random.nextInt(good.length)].clone();
      if (round % 2 == 0) {
        random.nextBytes(datagram);
      } else {
        for (int i = random.nextInt(6); i >= 0; i--) {
          datagram[random.nextInt(70)] = (byte) random.nextInt();
        }
      }
      send(random.nextBoolean() ? vtep : stranger, datagram);
      if (round % 64 == 0) {
        stillWorks();
      }
    }
    stillWorks();
    assertEquals(0, node.counter("vxlan.tx_datagrams"), "nothing is sent back or on");
  }

  /** A good frame still arrives; also lets the node catch up. */
  private void stillWorks() throws IOException {
    long before = node.counter("tap.tx_frames");
    send(vtep, vxlan(TestNode.VNI, TestFrames.udp(PEER, TASK, PEER_IP, TASK_IP, 20)));
    await().pollDelay(Duration.ZERO).until(() -> node.counter("tap.tx_frames") > before);
  }

  private void counted(String counter, long value) {
    await().until(() -> node.counter(counter) == value);
  }

  private static byte[] ipv6(String source, int nextHeader, byte[] payload) {
    return TestFrames.ipv6(PEER, TASK, source, "fd00:1::3", nextHeader, payload);
  }

  private static byte[] vxlan(int vni, byte[] frame) {
    byte[] datagram = new byte[VxlanHeader.LENGTH + frame.length];
    VxlanHeader.initialize(MemorySegment.ofArray(datagram), 0, vni);
    System.arraycopy(frame, 0, datagram, VxlanHeader.LENGTH, frame.length);
    return datagram;
  }

  private static void send(DatagramSocket from, byte[] datagram) throws IOException {
    from.send(
        new DatagramPacket(
            datagram, datagram.length, new InetSocketAddress("10.99.0.1", TestNode.PORT)));
  }
}
