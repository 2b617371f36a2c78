package io.meshd.dataplane.switching;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.meshd.dataplane.ForwardingSpec;
import io.meshd.dataplane.ForwardingSpec.Address;
import io.meshd.dataplane.ForwardingSpec.NodeSlice;
import io.meshd.dataplane.ForwardingSpec.Preserved;
import io.meshd.dataplane.ForwardingSpec.PreservedTarget;
import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.MacAddress;
import io.meshd.dataplane.PortSlice;
import io.meshd.dataplane.lb.LoadBalancer;
import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.IcmpHeader;
import io.meshd.dataplane.wire.Ipv4Header;
import io.meshd.dataplane.wire.TcpHeader;
import io.meshd.dataplane.wire.TestFrames;
import io.meshd.dataplane.wire.UdpHeader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Clients under their own address, frame by frame. Network 10.0.1.0/24: gateway .1, this node .2
 * with slice 0, the other node .9 with slice 1, a third one .8 with slice 2; tasks .3 here and .5
 * on the other node, whose TCP port 80 and UDP port 53 are published with the address preserved.
 */
class PreservedAddressTest {
  private static final int VNI = 4097;
  private static final int OTHER = 0x0a630002;
  private static final int THIRD = 0x0a630003;
  private static final int CLIENT = 0xcb007107; // 203.0.113.7
  private static final int TASK_SLOT = 0;
  private static final int NODE_SLOT = 1;
  private static final int TCP = Ipv4Header.PROTOCOL_TCP;
  private static final int UDP = Ipv4Header.PROTOCOL_UDP;
  private static final int HERE = new PortSlice(0).first();
  private static final int THERE = new PortSlice(1).last();
  private static final int ELSEWHERE = new PortSlice(2).first() + 7;
  private static final int NOWHERE = new PortSlice(3).first();
  private static final int SYN = TcpHeader.SYN;
  private static final int ACK = TcpHeader.ACK;

  private final LoopCounters counters = new LoopCounters();
  private LoadBalancer balancer;
  private VirtualSwitch virtualSwitch;

  @BeforeEach
  void open() throws IOException {
    balancer = LoadBalancer.open(null, 64, System::nanoTime);
    virtualSwitch = new VirtualSwitch(ForwardingTables.EMPTY, balancer, counters);
    publish(true);
  }

  @AfterEach
  void close() {
    balancer.close();
  }

  private void publish(boolean published) {
    Preserved preserved =
        new Preserved(
            List.of(target(3, TCP, 80), target(3, UDP, 53), target(5, TCP, 80), target(5, UDP, 53)),
            List.of(slice(2, 0), slice(9, 1), slice(8, 2)));
    ForwardingSpec.Network network =
        new ForwardingSpec.Network(
            "n",
            "net",
            VNI,
            new Ipv4Address(ip(1)),
            new ForwardingSpec.NodePort("node", new MacAddress(mac(1)), station(2)),
            List.of(new ForwardingSpec.LocalPort("p3", station(3))),
            List.of(
                new ForwardingSpec.RemoteEndpoint(station(5), new Ipv4Address(OTHER)),
                new ForwardingSpec.RemoteEndpoint(station(9), new Ipv4Address(OTHER), true),
                new ForwardingSpec.RemoteEndpoint(station(8), new Ipv4Address(THIRD), true)),
            List.of(new Ipv4Address(OTHER), new Ipv4Address(THIRD)),
            true,
            List.of(),
            published ? preserved : Preserved.NONE);
    virtualSwitch.use(
        ForwardingTables.compile(
            new ForwardingSpec(List.of(network)),
            port -> port.equals("node") ? NODE_SLOT : TASK_SLOT,
            balancer));
  }

  @Test
  void thisNodeAsksInTheClientsNameFromItsSlice() {
    byte[] toRemote = tcp(1, 5, CLIENT, ip(5), HERE, 80, SYN);
    assertEquals("vtep a630002", port(NODE_SLOT, toRemote));
    assertEquals(mac(2), EthernetHeader.source(MemorySegment.ofArray(toRemote), 0));
    assertEquals("port 0", port(NODE_SLOT, tcp(1, 3, CLIENT, ip(3), HERE, 80, SYN)));

    assertEquals("client_off_slice", port(NODE_SLOT, tcp(1, 5, CLIENT, ip(5), THERE, 80, SYN)));
    assertEquals("client_off_slice", port(NODE_SLOT, tcp(1, 5, CLIENT, ip(5), 1023, 80, SYN)));
    assertEquals("client_not_target", port(NODE_SLOT, tcp(1, 5, CLIENT, ip(5), HERE, 81, SYN)));
    assertEquals("client_not_target", port(NODE_SLOT, udp(1, 5, CLIENT, ip(5), HERE, 80, 0)));
    assertEquals("client_not_target", port(NODE_SLOT, tcp(1, 5, CLIENT, ip(8), HERE, 80, SYN)));
    assertEquals("unknown_mac", port(NODE_SLOT, tcp(1, 3, CLIENT, ip(5), HERE, 80, SYN)));
    assertEquals("spoofed_ip", port(NODE_SLOT, tcp(1, 5, ip(3), ip(5), HERE, 80, SYN)));
    assertEquals("spoofed_ip", port(TASK_SLOT, tcp(3, 5, CLIENT, ip(5), HERE, 80, SYN)));
  }

  @Test
  void anotherNodeAsksInTheClientsNameFromItsOwnSliceOnly() {
    assertEquals("port 0", wire(OTHER, tcp(9, 3, CLIENT, ip(3), THERE, 80, SYN)));
    assertEquals("port 0", wire(THIRD, tcp(8, 3, CLIENT, ip(3), ELSEWHERE, 80, ACK)));

    assertEquals("spoofed_inner_ip", wire(OTHER, tcp(5, 3, CLIENT, ip(3), THERE, 80, SYN)));
    assertEquals("spoofed_inner_mac", wire(THIRD, tcp(9, 3, CLIENT, ip(3), THERE, 80, SYN)));
    assertEquals("spoofed_inner_mac", wire(OTHER, tcp(1, 3, CLIENT, ip(3), THERE, 80, SYN)));
    assertEquals("client_off_slice", wire(OTHER, tcp(9, 3, CLIENT, ip(3), ELSEWHERE, 80, SYN)));
    assertEquals("client_off_slice", wire(OTHER, tcp(9, 3, CLIENT, ip(3), NOWHERE, 80, SYN)));
    assertEquals("client_not_target", wire(OTHER, tcp(9, 3, CLIENT, ip(3), THERE, 22, SYN)));
    assertEquals("not_local", wire(OTHER, tcp(9, 5, CLIENT, ip(5), THERE, 80, SYN)));
    assertEquals("spoofed_inner_ip", wire(OTHER, tcp(9, 3, ip(5), ip(3), THERE, 80, SYN)));
    publish(false);
    assertEquals("spoofed_inner_ip", wire(OTHER, tcp(9, 3, CLIENT, ip(3), THERE, 80, SYN)));
  }

  @Test
  void aRepliesPortSaysWhichNodeWaitsForIt() {
    byte[] reply = tcp(3, 1, ip(3), CLIENT, 80, THERE, SYN | ACK);
    assertEquals("vtep a630002", port(TASK_SLOT, reply));
    assertEquals(mac(9), EthernetHeader.destination(MemorySegment.ofArray(reply), 0));
    assertEquals("vtep a630003", port(TASK_SLOT, tcp(3, 1, ip(3), CLIENT, 80, ELSEWHERE, ACK)));
    String own = "port 1 as 2420a000101";
    assertEquals(own, port(TASK_SLOT, tcp(3, 1, ip(3), CLIENT, 80, HERE, ACK)));
    assertEquals(own, wire(OTHER, tcp(5, 2, ip(5), CLIENT, 80, HERE, ACK)));
    assertEquals(own, wire(OTHER, udp(5, 2, ip(5), CLIENT, 53, HERE, 0)));

    assertEquals("not_for_node", port(TASK_SLOT, tcp(3, 1, ip(3), CLIENT, 81, HERE, ACK)));
    assertEquals("not_for_node", port(TASK_SLOT, tcp(3, 1, ip(3), CLIENT, 80, NOWHERE, ACK)));
    assertEquals("not_for_node", port(TASK_SLOT, tcp(3, 1, ip(3), CLIENT, 80, HERE, SYN)));
    assertEquals("not_for_node", wire(OTHER, tcp(5, 2, ip(5), CLIENT, 80, THERE, ACK)));
    assertEquals("not_for_node", wire(OTHER, tcp(5, 2, ip(5), CLIENT, 81, HERE, ACK)));
    assertEquals("spoofed_inner_mac", wire(THIRD, tcp(5, 2, ip(5), CLIENT, 80, HERE, ACK)));
    publish(false);
    assertEquals("not_for_node", port(TASK_SLOT, tcp(3, 1, ip(3), CLIENT, 80, THERE, ACK)));
    assertEquals("not_for_node", wire(OTHER, tcp(5, 2, ip(5), CLIENT, 80, HERE, ACK)));
  }

  @Test
  void fragmentsFollowTheirFirstBothWays() {
    int more = 0x2000;
    int later = 185;
    assertEquals("client_fragment", wire(OTHER, udp(9, 3, CLIENT, ip(3), 0, 0, later)));
    assertEquals("port 0", wire(OTHER, udp(9, 3, CLIENT, ip(3), THERE, 53, more)));
    assertEquals("port 0", wire(OTHER, udp(9, 3, CLIENT, ip(3), 0, 0, later)));
    assertEquals("client_fragment", wire(THIRD, udp(8, 3, CLIENT, ip(3), 0, 0, later)));

    assertEquals("not_for_node", port(TASK_SLOT, udp(3, 1, ip(3), CLIENT, 0, 0, later)));
    assertEquals("vtep a630003", port(TASK_SLOT, udp(3, 1, ip(3), CLIENT, 53, ELSEWHERE, more)));
    assertEquals("vtep a630003", port(TASK_SLOT, udp(3, 1, ip(3), CLIENT, 0, 0, later)));
    assertEquals("port 1 as 2420a000101", wire(OTHER, udp(5, 2, ip(5), CLIENT, 53, HERE, more)));
    assertEquals("port 1 as 2420a000101", wire(OTHER, udp(5, 2, ip(5), CLIENT, 0, 0, later)));
  }

  @Test
  void anErrorGoesWhereWhatItQuotesCameFrom() {
    assertEquals("vtep a630003", port(TASK_SLOT, error(3, 1, CLIENT, ip(3), ELSEWHERE, 53)));
    assertEquals("port 1 as 2420a000101", wire(OTHER, error(5, 2, CLIENT, ip(5), HERE, 53)));
    assertEquals("not_for_node", port(TASK_SLOT, error(3, 1, CLIENT, ip(3), ELSEWHERE, 54)));
    assertEquals("not_for_node", port(TASK_SLOT, error(3, 1, CLIENT, ip(5), ELSEWHERE, 53)));
    assertEquals("not_for_node", port(TASK_SLOT, error(3, 1, CLIENT + 1, ip(3), ELSEWHERE, 53)));
    byte[] echo = TestFrames.icmpEcho(mac(3), mac(1), ip(3), CLIENT, IcmpHeader.ECHO_REPLY);
    assertEquals("not_for_node", port(TASK_SLOT, echo));
  }

  @Test
  void nothingIsAllocatedPerFrame() {
    byte[][] in = {
      tcp(9, 3, CLIENT, ip(3), THERE, 80, ACK), udp(9, 3, CLIENT, ip(3), THERE, 53, 0x2000)
    };
    byte[][] out = {
      tcp(3, 1, ip(3), CLIENT, 80, HERE, ACK), error(3, 1, CLIENT, ip(3), ELSEWHERE, 53)
    };
    MemorySegment memory = MemorySegment.ofArray(new byte[2048]);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    int frames = 40_000;
    long allocated = Long.MAX_VALUE;
    // Code that is not compiled yet allocates.
    for (int round = 0; round < 50 && allocated >= frames; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < frames; i++) {
        byte[] frame = (i & 2) == 0 ? in[i & 1] : out[i & 1];
        MemorySegment.copy(frame, 0, memory, ValueLayout.JAVA_BYTE, 0, frame.length);
        if ((i & 2) == 0) {
          virtualSwitch.fromUnderlay(OTHER, VNI, false, memory, 0, frame.length);
        } else {
          virtualSwitch.fromPort(TASK_SLOT, memory, 0, frame.length, false);
        }
      }
      allocated = threads.getCurrentThreadAllocatedBytes() - before;
    }
    assertTrue(allocated < frames, allocated + " bytes for " + frames + " frames");
  }

  private static byte[] tcp(
      int fromMac, int toMac, int source, int destination, int from, int to, int flags) {
    byte[] none = new byte[0];
    byte[] frame =
        new TestFrames.Tcp(
                mac(fromMac), mac(toMac), source, destination, 1, true, 2, flags, 0, none)
            .bytes();
    TcpHeader.ports(MemorySegment.ofArray(frame), 34, from, to);
    return frame;
  }

  /** {@code fragment}: that field of the IPv4 header. */
  private static byte[] udp(
      int fromMac, int toMac, int source, int destination, int from, int to, int fragment) {
    byte[] frame = TestFrames.udp(mac(fromMac), mac(toMac), source, destination, 64);
    MemorySegment m = MemorySegment.ofArray(frame);
    UdpHeader.initialize(m, 34, from, to, 72);
    Ipv4Header.fragment(m, 14, fragment);
    Ipv4Header.updateChecksum(m, 14, 20);
    return frame;
  }

  /** ICMP port unreachable that quotes UDP from a client to a task. */
  private static byte[] error(
      int fromMac, int toMac, int client, int task, int clientPort, int taskPort) {
    byte[] quoted = udp(1, 1, client, task, clientPort, taskPort, 0);
    int length = 8 + 28;
    byte[] frame = TestFrames.udp(mac(fromMac), mac(toMac), ip(fromMac), CLIENT, length - 8);
    MemorySegment m = MemorySegment.ofArray(frame);
    Ipv4Header.protocol(m, 14, Ipv4Header.PROTOCOL_ICMP);
    Ipv4Header.updateChecksum(m, 14, 20);
    IcmpHeader.initialize(m, 34, IcmpHeader.UNREACHABLE, IcmpHeader.PORT);
    System.arraycopy(quoted, 14, frame, 42, 28);
    IcmpHeader.updateChecksum(m, 34, length);
    return frame;
  }

  private String port(int slot, byte[] frame) {
    Map<DropReason, Long> before = dropped();
    MemorySegment memory = MemorySegment.ofArray(frame);
    return words(virtualSwitch.fromPort(slot, memory, 0, frame.length, false), before);
  }

  private String wire(int vtep, byte[] frame) {
    Map<DropReason, Long> before = dropped();
    MemorySegment memory = MemorySegment.ofArray(frame);
    return words(virtualSwitch.fromUnderlay(vtep, VNI, false, memory, 0, frame.length), before);
  }

  /** The one way that was decided, or the reason that was counted. */
  private String words(ForwardingDecision decision, Map<DropReason, Long> before) {
    if (decision.slotCount() == 1) {
      long as = decision.destinationMac();
      return "port " + decision.slot(0) + (as == 0 ? "" : " as " + Long.toHexString(as));
    }
    if (decision.vtepCount() == 1) {
      return "vtep " + Integer.toHexString(decision.vtep(0));
    }
    StringBuilder reasons = new StringBuilder();
    for (DropReason reason : DropReason.values()) {
      if (counters.dropped(reason) > before.getOrDefault(reason, 0L)) {
        reasons.append(reason.label());
      }
    }
    return reasons.toString();
  }

  private Map<DropReason, Long> dropped() {
    Map<DropReason, Long> all = new EnumMap<>(DropReason.class);
    for (DropReason reason : DropReason.values()) {
      all.put(reason, counters.dropped(reason));
    }
    return all;
  }

  private static PreservedTarget target(int last, int protocol, int port) {
    return new PreservedTarget(new Ipv4Address(ip(last)), protocol, port);
  }

  private static NodeSlice slice(int last, int number) {
    return new NodeSlice(new Ipv4Address(ip(last)), new PortSlice(number));
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
