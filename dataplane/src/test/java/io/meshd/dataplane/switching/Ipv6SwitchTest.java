package io.meshd.dataplane.switching;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshd.dataplane.ForwardingSpec;
import io.meshd.dataplane.ForwardingSpec.Address;
import io.meshd.dataplane.ForwardingSpec.Backend;
import io.meshd.dataplane.ForwardingSpec.Balancing;
import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.Ipv6Address;
import io.meshd.dataplane.MacAddress;
import io.meshd.dataplane.wire.TestFrames;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * The rules of IPv6. The network fd00:1::/64 beside 10.0.1.0/24: this node has ::2, the other one
 * ::9; endpoints ::3 and ::4 here, ::5 on the other node; 10.0.1.7 here has no IPv6, 10.0.1.8 is
 * virtual.
 */
class Ipv6SwitchTest {
  private static final int VNI = 4097;
  private static final int OTHER = 0x0a630002;
  private static final int SLOT_3 = 0;
  private static final int SLOT_4 = 1;
  private static final int NODE_SLOT = 2;
  private static final int SLOT_7 = 3;
  private static final int UDP = 17;
  private static final int ROOM = 120;
  private static final long ALL_NODES = 0x3333_0000_0001L;
  private static final int SOLICITATION = 135;
  private static final int ADVERTISEMENT = 136;

  private final SwitchProbe open = virtualSwitch(false);
  private final SwitchProbe ingress = virtualSwitch(true);

  private static SwitchProbe virtualSwitch(boolean nodeFlowsOnly) {
    return new SwitchProbe(
        new ForwardingSpec.Network(
            "n",
            "net",
            VNI,
            new Ipv4Address(ip(1)),
            new ForwardingSpec.NodePort("node", new MacAddress(mac(1)), station(2)),
            List.of(
                new ForwardingSpec.LocalPort("p3", station(3)),
                new ForwardingSpec.LocalPort("p4", station(4)),
                new ForwardingSpec.LocalPort("p7", withoutIpv6(7))),
            List.of(
                new ForwardingSpec.RemoteEndpoint(station(5), new Ipv4Address(OTHER)),
                new ForwardingSpec.RemoteEndpoint(station(9), new Ipv4Address(OTHER), true)),
            List.of(new Ipv4Address(OTHER)),
            nodeFlowsOnly,
            List.of(
                new ForwardingSpec.VirtualService(
                    "s",
                    "s",
                    withoutIpv6(8),
                    Balancing.DEFAULT,
                    List.of(new Backend("t", new Ipv4Address(ip(5)), 100, false, 0))))),
        Map.of("p3", SLOT_3, "p4", SLOT_4, "node", NODE_SLOT, "p7", SLOT_7));
  }

  @Test
  void unicastGoesToTheOneWhoHasTheMac() {
    assertEquals("port 1", open.port(SLOT_3, udp(3, 4)));
    assertEquals("vtep a630002", open.port(SLOT_3, udp(3, 5)));
    assertEquals("unknown_mac", open.port(SLOT_3, udp(3, 77)));
    assertEquals("not_for_virtual", open.port(SLOT_3, udp(3, 8)));
    assertEquals("port 0", open.wire(OTHER, VNI, udp(5, 3)));
    assertEquals("not_local", open.wire(OTHER, VNI, udp(5, 77)));
    assertEquals("virtual_from_wire", open.wire(OTHER, VNI, udp(5, 8)));
  }

  @Test
  void onlyTheExactSourceMayEnter() {
    assertEquals("spoofed_mac", open.port(SLOT_3, udp(4, 5)));
    assertEquals("spoofed_ip", open.port(SLOT_3, udp(3, 5, ipv6(4), ipv6(5))));
    assertEquals("spoofed_ip", open.port(SLOT_3, udp(3, 5, "::", ipv6(5))));
    assertEquals("spoofed_ip", open.port(SLOT_3, udp(3, 5, "fe80::1", linkLocal(5))));
    assertEquals("spoofed_ip", open.port(SLOT_3, udp(3, 5, linkLocal(4), linkLocal(5))));
    assertEquals("vtep a630002", open.port(SLOT_3, udp(3, 5, linkLocal(3), linkLocal(5))));
    assertEquals("no_ipv6", open.port(SLOT_7, udp(7, 3)));
    assertEquals("no_ipv6", open.port(SLOT_7, udp(7, 3, linkLocal(7), linkLocal(3))));

    assertEquals("spoofed_inner_ip", open.wire(OTHER, VNI, udp(5, 3, ipv6(6), ipv6(3))));
    assertEquals("spoofed_inner_ip", open.wire(OTHER, VNI, udp(5, 3, "::", ipv6(3))));
    assertEquals("spoofed_inner_mac", open.wire(OTHER, VNI, udp(4, 3)));
    assertEquals("port 0", open.wire(OTHER, VNI, udp(5, 3, linkLocal(5), linkLocal(3))));
  }

  @Test
  void theNodePortHasItsOwnAddress() {
    assertEquals("port 2 as 2420a000101", open.port(SLOT_3, udp(3, 2)));
    assertEquals("port 2 as 2420a000101", open.wire(OTHER, VNI, udp(5, 2)));
    assertEquals("not_for_node", open.port(SLOT_3, udp(3, 1, ipv6(3), ipv6(1))));
    assertEquals("not_for_node", open.port(SLOT_3, udp(3, 2, ipv6(3), ipv6(200))));
    byte[] fromNode = frame(mac(1), mac(5), ipv6(2), ipv6(5));
    assertEquals("vtep a630002", open.port(NODE_SLOT, fromNode));
    assertArrayEquals(new byte[] {2, 66, 10, 0, 1, 2}, Arrays.copyOfRange(fromNode, 6, 12));
    assertEquals("spoofed_ip", open.port(NODE_SLOT, frame(mac(1), mac(5), ipv6(3), ipv6(5))));
    assertEquals("spoofed_ip", open.port(NODE_SLOT, frame(mac(1), mac(5), linkLocal(1), ipv6(5))));
  }

  @Test
  void solicitationsAreAnsweredFromTheTables() {
    for (int target : new int[] {2, 4, 5, 9}) {
      answered(ipv6(3), ipv6(target), target);
    }
    answered(ipv6(3), linkLocal(5), 5);
    answered(linkLocal(3), linkLocal(4), 4);
    assertEquals("unknown_nd_target", open.port(SLOT_3, solicitation(ipv6(3), ipv6(77))));
    assertEquals("unknown_nd_target", open.port(SLOT_3, solicitation(ipv6(3), linkLocal(7))));
    assertEquals("unknown_nd_target", open.port(SLOT_3, solicitation(ipv6(3), linkLocal(2))));
    assertEquals("unknown_nd_target", open.port(SLOT_3, solicitation(ipv6(3), "fe80::1")));
    assertEquals("spoofed_ip", open.port(SLOT_3, solicitation(ipv6(4), ipv6(5))));
  }

  /** RFC 4861 section 7.2.4, letter by letter. */
  private void answered(String from, String target, int owner) {
    byte[] memory = Arrays.copyOf(solicitation(from, target), ROOM);
    assertEquals("port 0, answer of 86", open.port(SLOT_3, memory, 78));
    byte[] option = new byte[8];
    option[0] = 2;
    option[1] = 1;
    for (int i = 0; i < 6; i++) {
      option[2 + i] = (byte) (mac(owner) >>> (40 - 8 * i));
    }
    byte[] expected =
        TestFrames.icmpv6(
            mac(owner), mac(3), target, from, neighbor(ADVERTISEMENT, 0x60, target, option));
    assertArrayEquals(expected, Arrays.copyOf(memory, 86));
  }

  @Test
  void anAddressThatIsTakenIsSaidToBeAndItsOwnIsNot() {
    assertEquals("unsolicited_nd", open.port(SLOT_3, solicitation("::", ipv6(3))));
    assertEquals("unsolicited_nd", open.port(SLOT_3, solicitation("::", linkLocal(3))));
    assertEquals("unsolicited_nd", open.port(SLOT_3, solicitation(linkLocal(3), ipv6(3))));
    byte[] memory = Arrays.copyOf(solicitation("::", ipv6(4)), ROOM);
    assertEquals("port 0, answer of 86", open.port(SLOT_3, memory, 78));
    byte[] option = {2, 1, 2, 66, 10, 0, 1, 4};
    byte[] expected =
        TestFrames.icmpv6(
            mac(4), ALL_NODES, ipv6(4), "ff02::1", neighbor(ADVERTISEMENT, 0x20, ipv6(4), option));
    assertArrayEquals(expected, Arrays.copyOf(memory, 86));
  }

  @Test
  void aSolicitationThatIsNotOfTheLinkIsNotAnswered() {
    byte[] routed = solicitation(ipv6(3), ipv6(4));
    routed[21] = (byte) 254;
    assertEquals("malformed_nd", open.port(SLOT_3, routed));
    byte[] damaged = solicitation(ipv6(3), ipv6(4));
    damaged[56] ^= 1;
    assertEquals("malformed_nd", open.port(SLOT_3, damaged));
    byte[] message = neighbor(SOLICITATION, 0, ipv6(4));
    message[1] = 7;
    byte[] coded = TestFrames.icmpv6(mac(3), mac(4), ipv6(3), ipv6(4), message);
    assertEquals("malformed_nd", open.port(SLOT_3, coded));
    byte[] cut = Arrays.copyOf(neighbor(SOLICITATION, 0, ipv6(4)), 20);
    assertEquals(
        "malformed_nd",
        open.port(SLOT_3, TestFrames.icmpv6(mac(3), mac(4), ipv6(3), ipv6(4), cut)));
    byte[] whole = neighbor(SOLICITATION, 0, ipv6(4));
    byte[] behindOptions = new byte[8 + whole.length];
    behindOptions[0] = 58;
    System.arraycopy(whole, 0, behindOptions, 8, whole.length);
    assertEquals(
        "malformed_nd",
        open.port(SLOT_3, TestFrames.ipv6(mac(3), mac(4), ipv6(3), ipv6(4), 60, behindOptions)));
  }

  @Test
  void routersAndListenersTalkToNobody() {
    for (int type : new int[] {133, 134, 137}) {
      assertEquals("router_discovery", open.port(SLOT_3, icmp(type, linkLocal(3), "ff02::2")));
      assertEquals("router_discovery", open.port(SLOT_3, icmp(type, "::", "ff02::2")));
    }
    for (int type : new int[] {130, 131, 132, 143}) {
      assertEquals("multicast_listener", open.port(SLOT_3, icmp(type, linkLocal(3), "ff02::16")));
      assertEquals("multicast_listener", open.port(SLOT_3, icmp(type, "::", "ff02::16")));
    }
    assertEquals("unsolicited_nd", open.port(SLOT_3, icmp(ADVERTISEMENT, ipv6(3), "ff02::1")));
    for (int type : new int[] {130, 133, 134, SOLICITATION, ADVERTISEMENT, 137, 143}) {
      byte[] inner =
          TestFrames.icmpv6(mac(5), mac(3), ipv6(5), ipv6(3), neighbor(type, 0, ipv6(3)));
      assertEquals("inner_nd", open.wire(OTHER, VNI, inner), "type " + type);
    }
    // An extension header or a fragment does not hide it (RFC 7113).
    byte[] hidden = {58, 0, 0, 1, 0, 0, 0, 7, (byte) 134, 0, 0, 0, 0, 0, 0, 0};
    byte[] fragment = TestFrames.ipv6(mac(3), ALL_NODES, linkLocal(3), "ff02::1", 44, hidden);
    assertEquals("router_discovery", open.port(SLOT_3, fragment));
  }

  @Test
  void groupsGoToTheNetworksEndpointsAndVteps() {
    byte[] frame = frame(mac(3), 0x3333_0000_00fbL, ipv6(3), "ff02::fb");
    assertEquals("port 1, port 3, vtep a630002", open.port(SLOT_3, frame));
    byte[] inner = frame(mac(5), ALL_NODES, linkLocal(5), "ff02::1");
    assertEquals("port 0, port 1, port 3", open.wire(OTHER, VNI, inner));
  }

  @Test
  void onAnIngressNetworkOnlyNodesBegin() {
    assertEquals("node_flows_only", ingress.port(SLOT_3, udp(3, 4)));
    assertEquals("node_flows_only", ingress.wire(OTHER, VNI, udp(5, 3)));
    byte[] echo = icmp(128, ipv6(3), ipv6(9));
    System.arraycopy(TestFrames.udp(0, mac(9), 0, 0, 0), 0, echo, 0, 6);
    assertEquals("node_flows_only", ingress.port(SLOT_3, echo));
    assertEquals("port 0", ingress.wire(OTHER, VNI, udp(9, 3)));
    assertEquals("vtep a630002", ingress.port(SLOT_3, udp(3, 9)));
  }

  @Test
  void noRandomOrTruncatedFrameDoesMoreThanBeDropped() {
    SplittableRandom random = new SplittableRandom(8200);
    byte[][] good = {udp(5, 3), udp(3, 5), solicitation(ipv6(3), ipv6(4))};
    for (int round = 0; round < 100_000; round++) {
      byte[] frame = good[random.nextInt(good.length)].clone();
      for (int i = random.nextInt(8); i >= 0; i--) {
        frame[random.nextInt(frame.length)] = (byte) random.nextInt();
      }
      int length = random.nextInt(frame.length + 1);
      String ignored = open.port(random.nextInt(5), Arrays.copyOf(frame, ROOM), length);
      String inner = open.wire(OTHER, VNI, Arrays.copyOf(frame, length));
      assertEquals(-1, inner.indexOf("vtep a"), "from the underlay to the underlay");
    }
  }

  private static byte[] udp(int from, int to) {
    return udp(from, to, ipv6(from), ipv6(to));
  }

  private static byte[] udp(int from, int to, String source, String destination) {
    return frame(mac(from), mac(to), source, destination);
  }

  private static byte[] frame(long from, long to, String source, String destination) {
    byte[] datagram = {3, 4, 5, 6, 0, 9, 1, 1, 42};
    return TestFrames.ipv6(from, to, source, destination, UDP, datagram);
  }

  private static byte[] icmp(int type, String source, String destination) {
    return TestFrames.icmpv6(
        mac(3), ALL_NODES, source, destination, (byte) type, (byte) 0, (byte) 0, (byte) 0);
  }

  private static byte[] solicitation(String source, String target) {
    byte[] message = neighbor(SOLICITATION, 0, target);
    return TestFrames.icmpv6(mac(3), 0x3333_ff00_0004L, source, "ff02::1:ff00:4", message);
  }

  private static byte[] neighbor(int type, int flags, String target, byte... option) {
    byte[] message = Arrays.copyOf(new byte[] {(byte) type}, 24 + option.length);
    message[4] = (byte) flags;
    System.arraycopy(TestFrames.address(target), 0, message, 8, 16);
    System.arraycopy(option, 0, message, 24, option.length);
    return message;
  }

  private static Address station(int last) {
    return new Address(
        new Ipv4Address(ip(last)), new MacAddress(mac(last)), Ipv6Address.parse(ipv6(last)));
  }

  private static Address withoutIpv6(int last) {
    return new Address(new Ipv4Address(ip(last)), new MacAddress(mac(last)));
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

  private static String linkLocal(int last) {
    return "fe80::42:aff:fe00:10" + last;
  }
}
