package io.meshd.dataplane.switching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.dataplane.ForwardingSpec;
import io.meshd.dataplane.ForwardingSpec.Address;
import io.meshd.dataplane.ForwardingSpec.Balancing;
import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.MacAddress;
import io.meshd.dataplane.lb.LoadBalancer;
import io.meshd.dataplane.wire.ArpPacket;
import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.IcmpHeader;
import io.meshd.dataplane.wire.InternetChecksum;
import io.meshd.dataplane.wire.Ipv4Header;
import io.meshd.dataplane.wire.TcpHeader;
import io.meshd.dataplane.wire.TestFrames;
import io.meshd.dataplane.wire.UdpHeader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Frame by frame what kernels cannot be made to send. Network 10.0.1.0/24: client .3 and another
 * endpoint .4 here, backend .5 on the other node, .7 there too and no backend; virtual address
 * .100.
 *
 * <p>A little longer than most: frames are made and read byte by byte.
 */
class VirtualAddressTest {
  private static final int VNI = 4097;
  private static final int OTHER = 0x0a630002;
  private static final int VIP = 100;
  private static final int ROOM = 256;

  private final LoopCounters counters = new LoopCounters();
  private LoadBalancer balancer;
  private VirtualSwitch virtualSwitch;
  private long nanos = 5_000_000_000L;
  private MemorySegment sent = MemorySegment.NULL;

  @BeforeEach
  void open() throws IOException {
    balancer = LoadBalancer.open(null, 1024, () -> nanos);
    virtualSwitch = new VirtualSwitch(ForwardingTables.EMPTY, balancer, counters);
    backends(5);
  }

  private void backends(int... lasts) {
    List<ForwardingSpec.Backend> backends =
        Arrays.stream(lasts)
            .mapToObj(
                last ->
                    new ForwardingSpec.Backend(
                        "t" + last, new Ipv4Address(ip(last)), 100, false, 0))
            .toList();
    services(
        List.of(
            new ForwardingSpec.VirtualService(
                "s", "s", station(VIP), Balancing.DEFAULT, backends)));
  }

  private void services(List<ForwardingSpec.VirtualService> services) {
    ForwardingSpec.Network network =
        new ForwardingSpec.Network(
            "n",
            "net",
            VNI,
            new Ipv4Address(ip(1)),
            null,
            List.of(
                new ForwardingSpec.LocalPort("p3", station(3)),
                new ForwardingSpec.LocalPort("p4", station(4))),
            List.of(
                new ForwardingSpec.RemoteEndpoint(station(5), new Ipv4Address(OTHER)),
                new ForwardingSpec.RemoteEndpoint(station(7), new Ipv4Address(OTHER))),
            List.of(new Ipv4Address(OTHER)),
            false,
            services);
    virtualSwitch.use(
        ForwardingTables.compile(
            new ForwardingSpec(List.of(network)), port -> port.equals("p3") ? 0 : 1, balancer));
  }

  @AfterEach
  void close() {
    balancer.close();
  }

  @Test
  void arpForItIsAnsweredWithItsOwnMac() {
    assertEquals(1, port(TestFrames.arp(ArpPacket.REQUEST, mac(3), ip(3), ip(VIP))).slotCount());
    assertEquals(mac(VIP), ArpPacket.senderMac(sent, 14));
  }

  @Test
  void theWholeConnectionIsRewrittenBothWaysAndItsEndIsSeen() {
    long closed = counter("flows.closed");
    toBackend(TcpHeader.SYN);
    fromBackend(TcpHeader.SYN | TcpHeader.ACK);
    toBackend(TcpHeader.ACK);
    toBackend(TcpHeader.FIN | TcpHeader.ACK);
    fromBackend(TcpHeader.ACK);
    assertEquals(closed, counter("flows.closed"));
    fromBackend(TcpHeader.FIN | TcpHeader.ACK);
    assertEquals(closed + 1, counter("flows.closed"));
    toBackend(TcpHeader.ACK);
    assertEquals(1, counter("flows.active"), "it lingers for what is sent again");
    nanos += 61_000_000_000L;
    balancer.tick();
    assertEquals(0, counter("flows.active"));
  }

  @Test
  void aSegmentOfNoConnectionIsAnsweredByTheRstThatKernelsSend() {
    ForwardingDecision decision = port(tcp(3, VIP, TcpHeader.ACK));
    assertEquals(54, decision.answerLength());
    assertEquals(ip(VIP), Ipv4Header.source(sent, 14));
    assertEquals(ip(3), Ipv4Header.destination(sent, 14));
    assertEquals(TcpHeader.RST, TcpHeader.flags(sent, 34));
    assertEquals(0x01020304, TcpHeader.sequence(sent, 34), "what the segment acknowledged");
    assertTrue(tcpVerifies(20));

    backends();
    port(tcp(3, VIP, TcpHeader.SYN));
    assertEquals(TcpHeader.RST | TcpHeader.ACK, TcpHeader.flags(sent, 34));
    assertEquals(9 + 1, TcpHeader.acknowledgment(sent, 34), "its sequence number and the SYN");
    assertTrue(tcpVerifies(20));
    assertDropped(DropReason.VIRTUAL_RST, tcp(3, VIP, TcpHeader.RST));
  }

  @Test
  void flowsToAVirtualAddressThatWentAwayAreEndedAloud() {
    toBackend(TcpHeader.SYN);
    fromBackend(TcpHeader.SYN | TcpHeader.ACK);
    port(udp(3, VIP, 0));
    assertEquals(2, counter("flows.active"));
    services(List.of());
    assertEquals(54, port(tcp(3, VIP, TcpHeader.ACK)).answerLength());
    assertEquals(ip(VIP), Ipv4Header.source(sent, 14));
    assertEquals(TcpHeader.RST, TcpHeader.flags(sent, 34));
    assertTrue(tcpVerifies(20));
    assertTrue(port(udp(3, VIP, 0)).answerLength() > 0);
    assertEquals(IcmpHeader.UNREACHABLE, IcmpHeader.type(sent, 34));
    assertEquals(0, counter("flows.active"));
    // Of what was never a flow nothing is known: it may be for somebody who is about to come.
    assertDropped(DropReason.UNKNOWN_MAC, tcp(3, VIP, TcpHeader.ACK));
    assertDropped(DropReason.UNKNOWN_MAC, udp(3, VIP, 0));
  }

  @Test
  void aConnectionPastTheVirtualAddressFromTheSamePortWaitsForTheEndOfTheBalancedOne() {
    toBackend(TcpHeader.SYN);
    fromBackend(TcpHeader.SYN | TcpHeader.ACK);
    assertEquals(54, port(tcp(3, 5, TcpHeader.SYN)).answerLength());
    assertEquals(TcpHeader.RST | TcpHeader.ACK, TcpHeader.flags(sent, 34));
    assertEquals(1, port(tcp(4, 5, TcpHeader.SYN)).vtepCount(), "another client's is no matter");
    toBackend(TcpHeader.FIN | TcpHeader.ACK);
    fromBackend(TcpHeader.FIN | TcpHeader.ACK);
    assertEquals(1, port(tcp(3, 5, TcpHeader.SYN)).vtepCount());
    assertEquals(0, wire(tcp(5, 3, TcpHeader.SYN | TcpHeader.ACK, 80, 40_000)).sourceMac());
  }

  @Test
  void onlyTheClientsOwnNodeBalances() {
    byte[] frame = TestFrames.udp(mac(5), mac(VIP), ip(5), ip(VIP), 10);
    wire(frame);
    assertEquals(1, counters.dropped(DropReason.VIRTUAL_FROM_WIRE));
    byte[] otherAddress = TestFrames.udp(mac(3), mac(VIP), ip(3), ip(99), 10);
    assertDropped(DropReason.NOT_FOR_VIRTUAL, otherAddress);
  }

  @Test
  void anErrorAboutAFlowIsTranslatedWithWhatItQuotes() {
    toBackend(TcpHeader.SYN);
    fromBackend(TcpHeader.SYN | TcpHeader.ACK);
    // The backend's node says: too big.
    byte[] error = error(5, 3, 4, tcp(3, 5, TcpHeader.ACK));
    ForwardingDecision decision = wire(error);
    assertEquals(1, decision.slotCount());
    assertEquals(mac(VIP), decision.sourceMac());
    assertEquals(ip(VIP), decision.sourceIp());
    assertEquals(ip(3), Ipv4Header.source(sent, 42));
    assertEquals(ip(VIP), Ipv4Header.destination(sent, 42));
    assertQuoteIsWhole();
    // The client says: no port.
    decision = port(error(3, VIP, 3, tcp(VIP, 3, TcpHeader.ACK, 80, 40_000)));
    assertEquals(1, decision.vtepCount());
    assertEquals(ip(5), Ipv4Header.destination(sent, 14));
    assertEquals(ip(5), Ipv4Header.source(sent, 42));
    assertEquals(ip(3), Ipv4Header.destination(sent, 42));
    assertQuoteIsWhole();
  }

  private void assertQuoteIsWhole() {
    assertTrue(IcmpHeader.checksumVerifies(sent, 34, 8 + 28));
    assertTrue(InternetChecksum.verifies(InternetChecksum.add(0, sent, 42, 20)));
    assertTrue(InternetChecksum.verifies(InternetChecksum.add(0, sent, 14, 20)));
  }

  @Test
  void errorsThatLieAreDroppedAndTheFlowLives() {
    toBackend(TcpHeader.SYN);
    fromBackend(TcpHeader.SYN | TcpHeader.ACK);
    byte[] quote = tcp(3, 5, TcpHeader.ACK);
    // Told by one who has no part in it; told to one who has none.
    wire(error(7, 3, 3, quote));
    wire(error(5, 4, 3, quote));
    port(error(4, 3, 3, quote));
    assertEquals(3, counters.dropped(DropReason.LYING_ICMP));
    // To the virtual address: a quote of what the client never got.
    port(error(3, VIP, 3, tcp(VIP, 3, TcpHeader.ACK, 81, 40_000)));
    port(error(3, VIP, 3, tcp(VIP, 4, TcpHeader.ACK, 80, 40_000)));
    port(error(3, VIP, 3, tcp(5, 3, TcpHeader.ACK, 80, 40_000)));
    assertEquals(6, counters.dropped(DropReason.LYING_ICMP));
    byte[] good = error(3, VIP, 3, tcp(VIP, 3, TcpHeader.ACK, 80, 40_000));
    for (int length = 42; length < good.length; length++) {
      byte[] cut = Arrays.copyOf(good, length);
      MemorySegment m = MemorySegment.ofArray(cut);
      Ipv4Header.totalLength(m, 14, length - 14);
      Ipv4Header.updateChecksum(m, 14, 20);
      IcmpHeader.updateChecksum(m, 34, length - 34);
      port(cut);
    }
    assertEquals(6 + 28, counters.dropped(DropReason.LYING_ICMP));
    toBackend(TcpHeader.ACK);
    fromBackend(TcpHeader.ACK);
  }

  @Test
  void fragmentsFollowTheirFirstAndGoNowhereWithout() {
    byte[] first = udp(3, VIP, Ipv4Header.MORE_FRAGMENTS);
    byte[] later = udp(3, VIP, 6);
    assertDropped(DropReason.VIRTUAL_FRAGMENT, later);
    assertEquals(1, port(first).vtepCount());
    assertEquals(1, port(later).vtepCount());
    assertEquals(ip(5), Ipv4Header.destination(sent, 14));
    assertEquals(mac(5), EthernetHeader.destination(sent, 0));
    assertTrue(InternetChecksum.verifies(InternetChecksum.add(0, sent, 14, 20)));
    assertDropped(DropReason.VIRTUAL_FRAGMENT, udp(4, VIP, 6));
    nanos += 31_000_000_000L;
    balancer.tick();
    assertDropped(DropReason.VIRTUAL_FRAGMENT, later);
  }

  @Test
  void unreachablesAreLimited() {
    backends();
    byte[] frame = TestFrames.udp(mac(3), mac(VIP), ip(3), ip(VIP), 10);
    for (int i = 0; i < 1000; i++) {
      assertNotEquals(0, port(frame).answerLength());
    }
    assertEquals(IcmpHeader.UNREACHABLE, IcmpHeader.type(sent, 34));
    assertTrue(IcmpHeader.checksumVerifies(sent, 34, 8 + 28));
    assertDropped(DropReason.UNREACHABLE_LIMITED, frame);
    nanos += 1_000_000_000L;
    balancer.tick();
    assertNotEquals(0, port(frame).answerLength());
  }

  @Test
  void aTableFullOfConnectionsTakesNoMoreAndOneFullOfAttemptsDoes() {
    for (int i = 0; i < 2000; i++) {
      port(tcp(3, VIP, TcpHeader.SYN, 1000 + i, 80));
    }
    assertEquals(2000, counter("flows.opened"));
    assertEquals(2000 - 1024, counter("flows.evicted"));
    assertEquals(1024, counter("flows.active"));
    for (int i = 0; i < 2000; i++) {
      wire(tcp(5, 3, TcpHeader.SYN | TcpHeader.ACK, 80, 1000 + i));
    }
    assertDropped(DropReason.FLOW_TABLE_FULL, tcp(3, VIP, TcpHeader.SYN, 999, 80));
  }

  @Test
  void noRandomOrTruncatedFrameDoesHarm() {
    SplittableRandom random = new SplittableRandom(792);
    byte[][] good = {
      tcp(3, VIP, TcpHeader.SYN),
      tcp(3, VIP, TcpHeader.ACK),
      udp(3, VIP, 0),
      udp(3, VIP, Ipv4Header.MORE_FRAGMENTS),
      error(3, VIP, 3, tcp(VIP, 3, TcpHeader.ACK, 80, 40_000)),
      error(5, 3, 3, tcp(3, 5, TcpHeader.ACK)),
      tcp(5, 3, TcpHeader.RST, 80, 40_000)
    };
    for (int round = 0; round < 100_000; round++) {
      byte[] frame = good[random.nextInt(good.length)].clone();
      for (int i = random.nextInt(6); i > 0; i--) {
        // Addresses stay, so that more than the door is tried.
        int at = random.nextInt(12, frame.length);
        if (at < 26 || at >= 34) {
          frame[at] = (byte) random.nextInt();
        }
      }
      byte[] cut = Arrays.copyOf(frame, random.nextInt(frame.length + 1));
      port(cut);
      wire(random.nextBoolean() ? cut : frame);
    }
    assertTrue(counter("flows.active") <= 1024);
  }

  private void toBackend(int flags) {
    ForwardingDecision decision = port(tcp(3, VIP, flags));
    assertEquals(1, decision.vtepCount());
    assertEquals(ip(5), Ipv4Header.destination(sent, 14));
    assertEquals(mac(5), EthernetHeader.destination(sent, 0));
    assertEquals(ip(3), Ipv4Header.source(sent, 14));
    assertTrue(tcpVerifies(20));
  }

  private void fromBackend(int flags) {
    ForwardingDecision decision = wire(tcp(5, 3, flags, 80, 40_000));
    assertEquals(1, decision.slotCount());
    assertEquals(ip(VIP), decision.sourceIp());
    assertEquals(mac(VIP), decision.sourceMac());
  }

  private boolean tcpVerifies(int length) {
    long pseudo = InternetChecksum.ofPseudoHeader(sent, 14, 6, length);
    return InternetChecksum.verifies(InternetChecksum.add(pseudo, sent, 34, length))
        && InternetChecksum.verifies(InternetChecksum.add(0, sent, 14, 20));
  }

  private void assertDropped(DropReason reason, byte[] frame) {
    long before = counters.dropped(reason);
    ForwardingDecision decision = port(frame);
    assertEquals(0, decision.slotCount() + decision.vtepCount());
    assertEquals(before + 1, counters.dropped(reason));
  }

  private ForwardingDecision port(byte[] frame) {
    place(frame);
    FrameView view = new FrameView();
    boolean ipv4 = view.parse(sent, 0, frame.length) == FrameView.Verdict.OK && !view.isArp();
    int slot = ipv4 && Ipv4Header.source(sent, 14) == ip(4) ? 1 : 0;
    return virtualSwitch.fromPort(slot, sent, 0, frame.length, false);
  }

  private ForwardingDecision wire(byte[] frame) {
    place(frame);
    return virtualSwitch.fromUnderlay(OTHER, VNI, false, sent, 0, frame.length);
  }

  private void place(byte[] frame) {
    sent = MemorySegment.ofArray(Arrays.copyOf(frame, ROOM));
  }

  private long counter(String name) {
    Map<String, Long> totals = new HashMap<>();
    balancer.addTo(totals);
    return totals.getOrDefault(name, -1L);
  }

  private static byte[] tcp(int from, int to, int flags) {
    return tcp(from, to, flags, 40_000, 80);
  }

  private static byte[] tcp(int from, int to, int flags, int sourcePort, int destinationPort) {
    byte[] none = new byte[0];
    byte[] frame =
        new TestFrames.Tcp(mac(from), mac(to), ip(from), ip(to), 1, true, 9, flags, 0, none)
            .bytes();
    MemorySegment m = MemorySegment.ofArray(frame);
    TcpHeader.ports(m, 34, sourcePort, destinationPort);
    TcpHeader.checksum(m, 34, 0);
    long pseudo = InternetChecksum.ofPseudoHeader(m, 14, 6, 20);
    TcpHeader.storeChecksum(m, 34, InternetChecksum.add(pseudo, m, 34, 20));
    return frame;
  }

  private static byte[] udp(int from, int to, int fragment) {
    byte[] frame = TestFrames.udp(mac(from), mac(to), ip(from), ip(to), 40);
    MemorySegment m = MemorySegment.ofArray(frame);
    UdpHeader.checksum(m, 34, 0);
    Ipv4Header.identification(m, 14, 7);
    Ipv4Header.fragment(m, 14, fragment);
    Ipv4Header.updateChecksum(m, 14, 20);
    return frame;
  }

  /** Destination unreachable that quotes header and 8 bytes of a frame's packet. */
  private static byte[] error(int from, int to, int code, byte[] quoted) {
    byte[] frame = new byte[14 + 20 + 8 + 28];
    byte[] echo = TestFrames.icmpEcho(mac(from), mac(to), ip(from), ip(to), 8);
    System.arraycopy(echo, 0, frame, 0, 34);
    System.arraycopy(quoted, 14, frame, 42, 28);
    MemorySegment m = MemorySegment.ofArray(frame);
    Ipv4Header.totalLength(m, 14, frame.length - 14);
    Ipv4Header.updateChecksum(m, 14, 20);
    IcmpHeader.initialize(m, 34, IcmpHeader.UNREACHABLE, code);
    IcmpHeader.updateChecksum(m, 34, frame.length - 34);
    return frame;
  }

  private static Address station(int last) {
    return new Address(new Ipv4Address(ip(last)), new MacAddress(mac(last)));
  }

  private static int ip(int last) {
    return 0x0a000100 | last;
  }

  private static long mac(int last) {
    return 0x0242_0000_0000L | ip(last);
  }
}
