package io.meshd.dataplane.switching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.dataplane.ForwardingSpec;
import io.meshd.dataplane.ForwardingSpec.Address;
import io.meshd.dataplane.ForwardingSpec.Balancing;
import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.Ipv6Address;
import io.meshd.dataplane.MacAddress;
import io.meshd.dataplane.lb.LoadBalancer;
import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.Icmpv6Header;
import io.meshd.dataplane.wire.InternetChecksum;
import io.meshd.dataplane.wire.Ipv6Header;
import io.meshd.dataplane.wire.TcpHeader;
import io.meshd.dataplane.wire.TestFrames;
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
 * As {@link VirtualAddressTest}, over IPv6: client fd00:1::3 here, backend ::5 on the other node,
 * ::7 there too and no backend; virtual address ::100.
 */
class Ipv6VirtualAddressTest {
  private static final int VNI = 4097;
  private static final int OTHER = 0x0a630002;
  private static final int VIP = 100;
  private static final int TRANSPORT = 54;
  private static final int ROOM = 1400;
  private static final int ICMPV6 = 58;

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
    services(
        List.of(
            new ForwardingSpec.VirtualService(
                "s",
                "s",
                station(VIP),
                Balancing.DEFAULT,
                Arrays.stream(lasts)
                    .mapToObj(
                        last ->
                            new ForwardingSpec.Backend(
                                "t" + last, new Ipv4Address(ip(last)), 100, false, 0))
                    .toList())));
  }

  private void services(List<ForwardingSpec.VirtualService> services) {
    ForwardingSpec.Network network =
        new ForwardingSpec.Network(
            "n",
            "net",
            VNI,
            new Ipv4Address(ip(1)),
            null,
            List.of(new ForwardingSpec.LocalPort("p3", station(3))),
            List.of(
                new ForwardingSpec.RemoteEndpoint(station(5), new Ipv4Address(OTHER)),
                new ForwardingSpec.RemoteEndpoint(station(7), new Ipv4Address(OTHER))),
            List.of(new Ipv4Address(OTHER)),
            false,
            services);
    virtualSwitch.use(
        ForwardingTables.compile(new ForwardingSpec(List.of(network)), port -> 0, balancer));
  }

  @AfterEach
  void close() {
    balancer.close();
  }

  @Test
  void aSolicitationForItIsAnsweredWithItsOwnMac() {
    byte[] message = Arrays.copyOf(new byte[] {(byte) 135}, 24);
    System.arraycopy(TestFrames.address(ipv6(VIP)), 0, message, 8, 16);
    byte[] frame =
        TestFrames.icmpv6(mac(3), 0x3333_ff00_0100L, ipv6(3), "ff02::1:ff00:100", message);
    assertEquals(1, port(frame).slotCount());
    assertEquals(mac(VIP), EthernetHeader.source(sent, 0));
    assertEquals(Icmpv6Header.NEIGHBOR_ADVERTISEMENT, Icmpv6Header.type(sent, TRANSPORT));
  }

  @Test
  void theWholeConnectionIsRewrittenBothWaysBesideOneOfTheSamePortsOverIpv4() {
    toBackend(TcpHeader.SYN);
    byte[] ipv4 =
        new TestFrames.Tcp(
                mac(3), mac(VIP), ip(3), ip(VIP), 1, true, 9, TcpHeader.SYN, 0, new byte[0])
            .bytes();
    TcpHeader.ports(MemorySegment.ofArray(ipv4), 34, 40_000, 80);
    assertEquals(1, port(ipv4).vtepCount());
    assertEquals(2, counter("flows.active"));
    fromBackend(TcpHeader.SYN | TcpHeader.ACK);
    toBackend(TcpHeader.ACK);
    toBackend(TcpHeader.FIN | TcpHeader.ACK);
    fromBackend(TcpHeader.FIN | TcpHeader.ACK);
    assertEquals(1, counter("flows.closed"));
  }

  @Test
  void aSegmentOfNoConnectionIsAnsweredByARst() {
    assertEquals(74, port(tcp(3, VIP, TcpHeader.ACK)).answerLength());
    assertAnsweredByVip();
    assertEquals(TcpHeader.RST, TcpHeader.flags(sent, TRANSPORT));
    assertEquals(0x01020304, TcpHeader.sequence(sent, TRANSPORT), "what the segment acknowledged");
    backends();
    assertEquals(74, port(tcp(3, VIP, TcpHeader.SYN)).answerLength());
    assertAnsweredByVip();
    assertEquals(TcpHeader.RST | TcpHeader.ACK, TcpHeader.flags(sent, TRANSPORT));
    assertEquals(9 + 1, TcpHeader.acknowledgment(sent, TRANSPORT));
    assertDropped(DropReason.VIRTUAL_RST, tcp(3, VIP, TcpHeader.RST));
  }

  private void assertAnsweredByVip() {
    assertAddress(VIP, Ipv6Header.sourceHigh(sent, 14), Ipv6Header.sourceLow(sent, 14));
    assertAddress(3, Ipv6Header.destinationHigh(sent, 14), Ipv6Header.destinationLow(sent, 14));
    assertTrue(verifies(6, 20));
  }

  @Test
  void flowsToAVirtualAddressThatWentAwayAreEndedAloud() {
    toBackend(TcpHeader.SYN);
    services(List.of());
    assertEquals(74, port(tcp(3, VIP, TcpHeader.ACK)).answerLength());
    assertAnsweredByVip();
    assertEquals(0, counter("flows.active"));
    assertDropped(DropReason.UNKNOWN_MAC, tcp(3, VIP, TcpHeader.ACK));
  }

  @Test
  void whatNobodyTakesIsSaidWithAllThatFitsOfThePacket() {
    backends();
    port(udp(17, 200));
    assertEquals(Icmpv6Header.UNREACHABLE, Icmpv6Header.type(sent, TRANSPORT));
    assertEquals(Icmpv6Header.PORT, Icmpv6Header.code(sent, TRANSPORT));
    assertEquals(8 + 40 + 200, Ipv6Header.payloadLength(sent, 14));
    assertTrue(verifies(ICMPV6, 8 + 40 + 200));
    assertEquals(14 + 1280, port(udp(17, 1300)).answerLength());
    assertTrue(verifies(ICMPV6, 1240));
    port(udp(132, 200)); // SCTP
    assertEquals(Icmpv6Header.PARAMETER_PROBLEM, Icmpv6Header.type(sent, TRANSPORT));
    assertEquals(Icmpv6Header.NEXT_HEADER, Icmpv6Header.code(sent, TRANSPORT));
    assertTrue(verifies(ICMPV6, 8 + 40 + 200));
  }

  @Test
  void onlyTheAddressThatTheClientIsKnownByIsBalanced() {
    byte[] linkLocal =
        TestFrames.ipv6(
            mac(3),
            mac(VIP),
            "fe80::42:aff:fe00:103",
            ipv6(VIP),
            17,
            new byte[] {1, 2, 0, 9, 0, 8, 0, 0});
    assertDropped(DropReason.NOT_FOR_VIRTUAL, linkLocal);
    byte[] routed = new byte[24 + 20];
    routed[0] = 6; // TCP behind a routing header of type 2 with one address left
    routed[1] = 2;
    routed[2] = 2;
    routed[3] = 1;
    System.arraycopy(tcp(3, VIP, TcpHeader.SYN), TRANSPORT, routed, 24, 20);
    assertDropped(
        DropReason.NOT_FOR_VIRTUAL,
        TestFrames.ipv6(mac(3), mac(VIP), ipv6(3), ipv6(VIP), 43, routed));
  }

  @Test
  void anErrorAboutAFlowIsTranslatedWithWhatItQuotes() {
    toBackend(TcpHeader.SYN);
    fromBackend(TcpHeader.SYN | TcpHeader.ACK);
    // The backend's node says: too big.
    ForwardingDecision decision = wire(error(5, 3, 2, tcp(3, 5, TcpHeader.ACK)));
    assertEquals(1, decision.slotCount());
    assertEquals(mac(VIP), decision.sourceMac());
    assertAddress(VIP, decision.sourceHigh(), decision.sourceLow());
    assertQuotes(3, VIP);
    // The client says: no port.
    decision = port(error(3, VIP, 1, tcp(VIP, 3, TcpHeader.ACK, 80, 40_000)));
    assertEquals(1, decision.vtepCount());
    assertAddress(5, Ipv6Header.destinationHigh(sent, 14), Ipv6Header.destinationLow(sent, 14));
    assertQuotes(5, 3);

    byte[] quote = tcp(3, 5, TcpHeader.ACK);
    assertEquals(0, wire(error(7, 3, 1, quote)).slotCount());
    assertEquals(0, port(error(3, VIP, 1, tcp(VIP, 3, 16, 81, 40_000))).vtepCount());
    assertEquals(0, port(error(3, VIP, 1, tcp(7, 3, 16, 80, 40_000))).vtepCount());
    assertEquals(3, counters.dropped(DropReason.LYING_ICMP));
  }

  private void assertQuotes(int source, int destination) {
    long quoted = TRANSPORT + 8;
    assertAddress(source, Ipv6Header.sourceHigh(sent, quoted), Ipv6Header.sourceLow(sent, quoted));
    assertAddress(
        destination,
        Ipv6Header.destinationHigh(sent, quoted),
        Ipv6Header.destinationLow(sent, quoted));
    assertTrue(verifies(ICMPV6, 8 + 60));
    long pseudo = InternetChecksum.ofPseudoHeader6(sent, quoted, 6, 20);
    assertTrue(InternetChecksum.verifies(InternetChecksum.add(pseudo, sent, quoted + 40, 20)));
  }

  @Test
  void fragmentsFollowTheirFirstAndGoNowhereWithout() {
    byte[] first = fragment(7, 1, 16);
    byte[] later = fragment(7, 2 << 3, 16);
    assertDropped(DropReason.VIRTUAL_FRAGMENT, later);
    assertEquals(1, port(first).vtepCount());
    assertEquals(1, port(later).vtepCount());
    assertAddress(5, Ipv6Header.destinationHigh(sent, 14), Ipv6Header.destinationLow(sent, 14));
    assertEquals(mac(5), EthernetHeader.destination(sent, 0));
    assertDropped(DropReason.VIRTUAL_FRAGMENT, fragment(7 | 1 << 16, 2 << 3, 16));
  }

  @Test
  void noRandomOrTruncatedFrameDoesHarm() {
    SplittableRandom random = new SplittableRandom(4443);
    byte[][] good = {
      tcp(3, VIP, TcpHeader.SYN),
      tcp(3, VIP, TcpHeader.ACK),
      udp(17, 40),
      udp(132, 40),
      fragment(7, 1, 16),
      fragment(7, 16, 16),
      error(3, VIP, 1, tcp(VIP, 3, TcpHeader.ACK, 80, 40_000)),
      error(5, 3, 1, tcp(3, 5, TcpHeader.ACK)),
      tcp(5, 3, TcpHeader.RST, 80, 40_000)
    };
    for (int round = 0; round < 100_000; round++) {
      byte[] frame = good[random.nextInt(good.length)].clone();
      for (int i = random.nextInt(6); i > 0; i--) {
        // Addresses stay, so that more than the door is tried.
        int at = random.nextInt(12, frame.length);
        if (at < 22 || at >= TRANSPORT) {
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
    assertEquals(1, port(tcp(3, VIP, flags)).vtepCount());
    assertAddress(5, Ipv6Header.destinationHigh(sent, 14), Ipv6Header.destinationLow(sent, 14));
    assertAddress(3, Ipv6Header.sourceHigh(sent, 14), Ipv6Header.sourceLow(sent, 14));
    assertEquals(mac(5), EthernetHeader.destination(sent, 0));
    assertTrue(verifies(6, 20));
  }

  private void fromBackend(int flags) {
    ForwardingDecision decision = wire(tcp(5, 3, flags, 80, 40_000));
    assertEquals(1, decision.slotCount());
    assertEquals(mac(VIP), decision.sourceMac());
    assertAddress(VIP, decision.sourceHigh(), decision.sourceLow());
  }

  private static void assertAddress(int last, long high, long low) {
    assertEquals(Ipv6Address.parse(ipv6(last)), new Ipv6Address(high, low));
  }

  private boolean verifies(int protocol, int length) {
    long pseudo = InternetChecksum.ofPseudoHeader6(sent, 14, protocol, length);
    return InternetChecksum.verifies(InternetChecksum.add(pseudo, sent, TRANSPORT, length));
  }

  private void assertDropped(DropReason reason, byte[] frame) {
    long before = counters.dropped(reason);
    ForwardingDecision decision = port(frame);
    assertEquals(0, decision.slotCount() + decision.vtepCount());
    assertEquals(before + 1, counters.dropped(reason));
  }

  private ForwardingDecision port(byte[] frame) {
    sent = MemorySegment.ofArray(Arrays.copyOf(frame, ROOM));
    return virtualSwitch.fromPort(0, sent, 0, frame.length, false);
  }

  private ForwardingDecision wire(byte[] frame) {
    sent = MemorySegment.ofArray(Arrays.copyOf(frame, ROOM));
    return virtualSwitch.fromUnderlay(OTHER, VNI, false, sent, 0, frame.length);
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
    byte[] frame = TestFrames.ipv6(mac(from), mac(to), ipv6(from), ipv6(to), 6, new byte[20]);
    MemorySegment m = MemorySegment.ofArray(frame);
    TcpHeader.ports(m, TRANSPORT, sourcePort, destinationPort);
    TcpHeader.sequence(m, TRANSPORT, 9);
    TcpHeader.acknowledgment(m, TRANSPORT, 0x01020304);
    TcpHeader.headerLength(m, TRANSPORT, 20);
    TcpHeader.flags(m, TRANSPORT, flags);
    long pseudo = InternetChecksum.ofPseudoHeader6(m, 14, 6, 20);
    TcpHeader.storeChecksum(m, TRANSPORT, InternetChecksum.add(pseudo, m, TRANSPORT, 20));
    return frame;
  }

  /** From the client to the virtual address; with ports and length as UDP has them. */
  private static byte[] udp(int protocol, int length) {
    byte[] datagram = new byte[length];
    datagram[1] = 40;
    datagram[3] = 53;
    datagram[4] = (byte) (length >>> 8);
    datagram[5] = (byte) length;
    return TestFrames.ipv6(mac(3), mac(VIP), ipv6(3), ipv6(VIP), protocol, datagram);
  }

  /** Of a datagram from the client to the virtual address. */
  private static byte[] fragment(int identification, int offsetAndMore, int length) {
    byte[] payload = new byte[8 + length];
    payload[0] = 17;
    payload[3] = (byte) offsetAndMore;
    for (int i = 0; i < 4; i++) {
      payload[4 + i] = (byte) (identification >>> (24 - 8 * i));
    }
    payload[9] = 40;
    payload[11] = 53;
    payload[13] = 100;
    return TestFrames.ipv6(mac(3), mac(VIP), ipv6(3), ipv6(VIP), 44, payload);
  }

  /** An error that quotes a whole packet. */
  private static byte[] error(int from, int to, int type, byte[] quoted) {
    byte[] message = new byte[8 + quoted.length - 14];
    message[0] = (byte) type;
    System.arraycopy(quoted, 14, message, 8, quoted.length - 14);
    return TestFrames.icmpv6(mac(from), mac(to), ipv6(from), ipv6(to), message);
  }

  private static Address station(int last) {
    return new Address(
        new Ipv4Address(ip(last)), new MacAddress(mac(last)), Ipv6Address.parse(ipv6(last)));
  }

  private static int ip(int last) {
    return 0x0a000100 | last;
  }

  private static long mac(int last) {
    return 0x0242_0000_0000L | ip(last);
  }

  private static String ipv6(int last) {
    return "fd00:1::" + last;
  }
}
