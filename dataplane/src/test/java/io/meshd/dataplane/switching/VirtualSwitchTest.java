package io.meshd.dataplane.switching;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshd.dataplane.ForwardingSpec;
import io.meshd.dataplane.ForwardingSpec.Address;
import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.MacAddress;
import io.meshd.dataplane.wire.ArpPacket;
import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.TcpHeader;
import io.meshd.dataplane.wire.TestFrames;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * The rules, one by one. Network 10.0.1.0/24: gateway .1, this node .2, the other node .9;
 * endpoints .3 and .4 here, .5 on the other node, .6 on a third one.
 */
class VirtualSwitchTest {
  private static final int VNI = 4097;
  private static final int OTHER = 0x0a630002;
  private static final int THIRD = 0x0a630003;
  private static final int STRANGER = 0x0a6300ff;

  /** 169.254.53.53, answered on every node. */
  private static final int RESOLVER = 0xa9fe3535;

  private static final long BROADCAST = 0xffffffffffffL;
  private static final int SLOT_3 = 0;
  private static final int SLOT_4 = 1;
  private static final int NODE_SLOT = 2;
  private static final Map<String, Integer> SLOTS =
      Map.of("p3", SLOT_3, "p4", SLOT_4, "node", NODE_SLOT);

  private final SwitchProbe open = virtualSwitch(false);
  private final SwitchProbe ingress = virtualSwitch(true);

  private static SwitchProbe virtualSwitch(boolean nodeFlowsOnly) {
    ForwardingSpec.Network network =
        new ForwardingSpec.Network(
            "n",
            "net",
            VNI,
            new Ipv4Address(ip(1)),
            new ForwardingSpec.NodePort(
                "node", new MacAddress(mac(1)), station(2), List.of(new Ipv4Address(RESOLVER))),
            List.of(
                new ForwardingSpec.LocalPort("p3", station(3)),
                new ForwardingSpec.LocalPort("p4", station(4)),
                new ForwardingSpec.LocalPort("unattached", station(7))),
            List.of(
                new ForwardingSpec.RemoteEndpoint(station(5), new Ipv4Address(OTHER)),
                new ForwardingSpec.RemoteEndpoint(station(6), new Ipv4Address(THIRD)),
                new ForwardingSpec.RemoteEndpoint(station(9), new Ipv4Address(OTHER), true)),
            List.of(new Ipv4Address(OTHER), new Ipv4Address(THIRD)),
            nodeFlowsOnly);
    return new SwitchProbe(network, SLOTS);
  }

  @Test
  void unicastGoesToTheOneWhoHasTheMac() {
    assertEquals("port 1", port(open, SLOT_3, udp(3, 4)));
    assertEquals("vtep a630002", port(open, SLOT_3, udp(3, 5)));
    assertEquals("vtep a630003", port(open, SLOT_4, udp(4, 6)));
    assertEquals("unknown_mac", port(open, SLOT_3, udp(3, 77)));
    assertEquals("port_not_attached", port(open, SLOT_3, udp(3, 7)));
  }

  @Test
  void broadcastGoesToTheNetworksEndpointsAndVteps() {
    byte[] frame = TestFrames.udp(mac(3), BROADCAST, ip(3), 0xffffffff, 9);
    assertEquals("port 1, vtep a630002, vtep a630003", port(open, SLOT_3, frame));
    byte[] fromNode = TestFrames.udp(mac(1), BROADCAST, ip(1), 0xffffffff, 9);
    assertEquals("port 0, port 1", port(open, NODE_SLOT, fromNode));
  }

  @Test
  void onlyTheExactSourceMayEnter() {
    assertEquals("spoofed_mac", port(open, SLOT_3, udp(4, 5)));
    assertEquals("spoofed_ip", port(open, SLOT_3, frame(mac(3), mac(5), ip(4), ip(5))));
    assertEquals("unassigned_port", port(open, 9, udp(3, 5)));
    assertEquals("spoofed_ip", port(open, NODE_SLOT, frame(mac(1), mac(3), ip(3), ip(4))));
    assertEquals("spoofed_ip", port(open, NODE_SLOT, frame(mac(1), mac(3), ip(9), ip(4))));
  }

  @Test
  void arpIsAnsweredFromTheTables() {
    for (int target : new int[] {1, 2, 4, 5, 9}) {
      byte[] frame = TestFrames.arp(ArpPacket.REQUEST, mac(3), ip(3), ip(target));
      assertEquals("port 0", port(open, SLOT_3, frame));
      MemorySegment m = MemorySegment.ofArray(frame);
      assertEquals(ArpPacket.REPLY, ArpPacket.operation(m, 14));
      assertEquals(mac(target), ArpPacket.senderMac(m, 14));
      assertEquals(ip(target), ArpPacket.senderIp(m, 14));
      assertEquals(mac(3), EthernetHeader.destination(m, 0));
      assertEquals(ip(3), ArpPacket.targetIp(m, 14));
    }
    assertEquals("unknown_arp_target", arp(ArpPacket.REQUEST, 3, 3, 77));
    assertEquals("unsolicited_arp", arp(ArpPacket.REQUEST, 3, 3, 3));
    assertEquals("unsolicited_arp", arp(ArpPacket.REPLY, 3, 3, 4));
    assertEquals("spoofed_ip", arp(ArpPacket.REQUEST, 3, 4, 5));
  }

  @Test
  void theNodePortHasTwoAddressesAndOneDevice() {
    assertEquals("port 2 as 2420a000101", port(open, SLOT_3, udp(3, 1)));
    assertEquals("port 2 as 2420a000101", port(open, SLOT_3, udp(3, 2)));
    assertEquals("not_for_node", port(open, SLOT_3, frame(mac(3), mac(1), ip(3), ip(200))));

    byte[] fromNode = frame(mac(1), mac(5), ip(2), ip(5));
    assertEquals("vtep a630002", port(open, NODE_SLOT, fromNode));
    assertEquals(mac(2), EthernetHeader.source(MemorySegment.ofArray(fromNode), 0));
    byte[] fromGateway = frame(mac(1), mac(3), ip(1), ip(3));
    assertEquals("port 0", port(open, NODE_SLOT, fromGateway));
    assertEquals(mac(1), EthernetHeader.source(MemorySegment.ofArray(fromGateway), 0));
    assertEquals("gateway_off_node", port(open, NODE_SLOT, frame(mac(1), mac(5), ip(1), ip(5))));
  }

  @Test
  void theGatewaysOtherAddressIsOnTheLinkOfEveryNetwork() {
    byte[] asked = TestFrames.arp(ArpPacket.REQUEST, mac(3), ip(3), RESOLVER);
    assertEquals("port 0", port(open, SLOT_3, asked));
    assertEquals(mac(1), ArpPacket.senderMac(MemorySegment.ofArray(asked), 14));
    assertEquals(
        "port 2 as 2420a000101", port(open, SLOT_3, frame(mac(3), mac(1), ip(3), RESOLVER)));
    assertEquals("port 0", port(open, NODE_SLOT, frame(mac(1), mac(3), RESOLVER, ip(3))));
    assertEquals("gateway_off_node", port(open, NODE_SLOT, frame(mac(1), mac(5), RESOLVER, ip(5))));
    assertEquals("spoofed_ip", port(open, SLOT_3, frame(mac(3), mac(4), RESOLVER, ip(4))));
  }

  @Test
  void theUnderlayMustOwnWhatItSends() {
    assertEquals("port 0", wire(open, OTHER, VNI, udp(5, 3)));
    assertEquals("port 2 as 2420a000101", wire(open, OTHER, VNI, udp(5, 2)));
    assertEquals("unknown_vni", wire(open, OTHER, 1, udp(5, 3)));
    assertEquals("unknown_vtep", wire(open, STRANGER, VNI, udp(5, 3)));
    assertEquals("spoofed_inner_mac", wire(open, THIRD, VNI, udp(5, 3)));
    assertEquals("spoofed_inner_mac", wire(open, OTHER, VNI, udp(4, 3)));
    assertEquals("spoofed_inner_mac", wire(open, OTHER, VNI, udp(1, 3)));
    assertEquals("spoofed_inner_ip", wire(open, OTHER, VNI, frame(mac(5), mac(3), ip(6), ip(3))));
    assertEquals("gateway_off_node", wire(open, OTHER, VNI, udp(5, 1)));
    assertEquals("not_local", wire(open, OTHER, VNI, udp(5, 6)));
    assertEquals("not_local", wire(open, OTHER, VNI, udp(5, 77)));
    assertEquals(
        "inner_arp",
        wire(open, OTHER, VNI, TestFrames.arp(ArpPacket.REQUEST, mac(5), ip(5), ip(3))));
    byte[] broadcast = TestFrames.udp(mac(5), BROADCAST, ip(5), 0xffffffff, 9);
    assertEquals("port 0, port 1", wire(open, OTHER, VNI, broadcast));
  }

  @Test
  void onAnIngressNetworkOnlyNodesBegin() {
    assertEquals("node_flows_only", port(ingress, SLOT_3, tcp(3, 4, TcpHeader.ACK)));
    assertEquals("node_flows_only", port(ingress, SLOT_3, tcp(3, 5, TcpHeader.ACK)));
    assertEquals("node_flows_only", wire(ingress, OTHER, VNI, tcp(5, 3, TcpHeader.ACK)));
    byte[] broadcast = TestFrames.udp(mac(3), BROADCAST, ip(3), 0xffffffff, 9);
    assertEquals("node_flows_only", port(ingress, SLOT_3, broadcast));

    assertEquals("port 0", wire(ingress, OTHER, VNI, tcp(9, 3, TcpHeader.SYN)));
    assertEquals("vtep a630002", port(ingress, SLOT_3, tcp(3, 9, TcpHeader.SYN | TcpHeader.ACK)));
    assertEquals("node_flows_only", port(ingress, SLOT_3, tcp(3, 9, TcpHeader.SYN)));
    assertEquals("node_flows_only", port(ingress, SLOT_3, tcp(3, 2, TcpHeader.SYN)));
    assertEquals("node_flows_only", wire(ingress, OTHER, VNI, tcp(5, 2, TcpHeader.SYN)));
    byte[] echo = TestFrames.icmpEcho(mac(3), mac(9), ip(3), ip(9), 8);
    assertEquals("node_flows_only", port(ingress, SLOT_3, echo));
    byte[] echoReply = TestFrames.icmpEcho(mac(3), mac(9), ip(3), ip(9), 0);
    assertEquals("vtep a630002", port(ingress, SLOT_3, echoReply));
  }

  @Test
  void noRandomOrTruncatedFrameDoesMoreThanBeDropped() {
    SplittableRandom random = new SplittableRandom(7348);
    byte[][] good = {tcp(5, 3, TcpHeader.ACK), udp(5, 3), udp(3, 5)};
    for (int round = 0; round < 100_000; round++) {
      byte[] frame = good[random.nextInt(good.length)].clone();
      for (int i = random.nextInt(8); i >= 0; i--) {
        frame[random.nextInt(frame.length)] = (byte) random.nextInt();
      }
      byte[] cut = Arrays.copyOf(frame, random.nextInt(frame.length + 1));
      String ignored = port(open, random.nextInt(4), cut);
      String inner = wire(open, random.nextBoolean() ? OTHER : STRANGER, VNI, cut);
      assertEquals(-1, inner.indexOf("vtep a"), "from the underlay to the underlay");
    }
  }

  private static byte[] udp(int from, int to) {
    return frame(mac(from), mac(to), ip(from), ip(to));
  }

  private static byte[] frame(long sourceMac, long destinationMac, int source, int destination) {
    return TestFrames.udp(sourceMac, destinationMac, source, destination, 10);
  }

  private static byte[] tcp(int from, int to, int flags) {
    byte[] none = new byte[0];
    return new TestFrames.Tcp(mac(from), mac(to), ip(from), ip(to), 1, true, 2, flags, 0, none)
        .bytes();
  }

  private String arp(int operation, int from, int senderIp, int target) {
    return port(open, SLOT_3, TestFrames.arp(operation, mac(from), ip(senderIp), ip(target)));
  }

  private static String port(SwitchProbe virtualSwitch, int slot, byte[] frame) {
    return virtualSwitch.port(slot, frame);
  }

  private static String wire(SwitchProbe virtualSwitch, int vtep, int vni, byte[] frame) {
    return virtualSwitch.wire(vtep, vni, frame);
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
