package io.meshd.dataplane.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.dataplane.DataKey;
import io.meshd.dataplane.ForwardingSpec;
import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.MacAddress;
import io.meshd.dataplane.Probe;
import io.meshd.dataplane.ProbeStep;
import io.meshd.dataplane.lb.LoadBalancer;
import io.meshd.dataplane.seal.SealTable;
import io.meshd.dataplane.switching.DropReason;
import io.meshd.dataplane.switching.ForwardingTables;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Frames that go nowhere: two nodes, a task on each, a virtual IP before both. */
class FrameTrialTest {
  private static final Ipv4Address NODE_A = Ipv4Address.parse("10.99.0.1");
  private static final Ipv4Address NODE_B = Ipv4Address.parse("10.99.0.2");
  private static final Ipv4Address ON_A = Ipv4Address.parse("10.0.1.3");
  private static final Ipv4Address ON_B = Ipv4Address.parse("10.0.1.4");
  private static final Ipv4Address VIP = Ipv4Address.parse("10.0.1.2");
  private static final int TCP = 6;

  /** What a node's loops would have. */
  private static final class Node {
    final LoadBalancer balancer;
    final FrameTrial trial;

    Node(ForwardingSpec spec, Ipv4Address vtep) throws IOException {
      balancer = LoadBalancer.open(null, 1024, System::nanoTime);
      trial =
          new FrameTrial(
              spec,
              ForwardingTables.compile(spec, port -> 0, balancer),
              new SealTable.Compiler(vtep).compile(spec),
              slot -> "task");
    }

    Map<String, Long> counters() {
      Map<String, Long> all = new TreeMap<>();
      balancer.addTo(all);
      return all;
    }
  }

  @Test
  void backendsAreChosenAndNothingIsLeftOfIt() throws IOException {
    Node a = new Node(spec(ON_A, ON_B, NODE_B, false, key(1)), NODE_A);
    Map<String, Long> before = a.counters();
    TreeSet<String> chosen = new TreeSet<>();
    for (int i = 0; i < 200; i++) {
      ProbeStep step = a.trial.fromPort("task", 0, tcp(ON_A, VIP, false));
      assertNull(step.dropped());
      ProbeStep.Balanced balanced = step.balanced();
      assertNotNull(balanced);
      chosen.add(String.valueOf(balanced.chosen()));
      balanced.backends().forEach(backend -> assertEquals(0, backend.openFlows()));
    }
    assertEquals(before, a.counters());
    assertEquals(new TreeSet<>(List.of("a", "b")), chosen);
  }

  @Test
  void aFrameThatIsNotTheSendersOwnEndsForItsReason() throws IOException {
    Node a = new Node(spec(ON_A, ON_B, NODE_B, false, key(1)), NODE_A);
    assertEquals(
        DropReason.SPOOFED_IP.label(),
        a.trial.fromPort("task", 0, tcp(ON_B, VIP, false)).dropped());
    ProbeStep unknown =
        a.trial.fromPort("task", 0, tcp(ON_A, Ipv4Address.parse("10.0.1.99"), false));
    assertEquals(DropReason.UNKNOWN_ARP_TARGET.label(), unknown.dropped());
    assertNull(unknown.neighbor());
    assertEquals(
        DropReason.UNASSIGNED_PORT.label(),
        a.trial.fromPort("another", 0, tcp(ON_A, VIP, false)).dropped());
  }

  @Test
  void whatOneNodeSealsTheOtherOpensIfItHasTheKey() throws IOException {
    Node a = new Node(spec(ON_A, ON_B, NODE_B, true, key(1)), NODE_A);
    ProbeStep sent = a.trial.fromPort("task", 0, tcp(ON_A, ON_B, false));
    assertNull(sent.dropped());
    assertEquals(List.of(NODE_B), sent.vteps());
    Node b = new Node(spec(ON_B, ON_A, NODE_A, true, key(1)), NODE_B);
    ProbeStep received = b.trial.fromUnderlay(NODE_A, sent.datagram());
    assertNull(received.dropped());
    assertEquals(List.of("task"), received.ports());
    assertEquals(ON_A, received.source());
    assertEquals(ON_B, received.destination());

    Node stranger = new Node(spec(ON_B, ON_A, NODE_A, true, key(2)), NODE_B);
    String reason = stranger.trial.fromUnderlay(NODE_A, sent.datagram()).dropped();
    assertTrue(
        DropReason.UNKNOWN_KEY.label().equals(reason) || DropReason.BAD_TAG.label().equals(reason),
        reason);
    Node plain = new Node(spec(ON_B, ON_A, NODE_A, false, key(1)), NODE_B);
    assertEquals(
        DropReason.SEALED_ON_PLAIN.label(),
        plain.trial.fromUnderlay(NODE_A, sent.datagram()).dropped());
    assertEquals(
        DropReason.UNKNOWN_VTEP.label(), b.trial.fromUnderlay(NODE_B, sent.datagram()).dropped());
  }

  @Test
  void withoutAKeyNothingLeaves() throws IOException {
    Node a = new Node(spec(ON_A, ON_B, NODE_B, true), NODE_A);
    ProbeStep sent = a.trial.fromPort("task", 0, tcp(ON_A, ON_B, false));
    assertEquals(DropReason.NO_KEY.label(), sent.dropped());
    assertEquals(0, sent.datagram().length);
  }

  private static Probe tcp(Ipv4Address from, Ipv4Address to, boolean answer) {
    return new Probe(TCP, from, 40_000, to, 80, ON_A, to, answer);
  }

  private static DataKey key(int first) {
    byte[] bytes = new byte[32];
    bytes[0] = (byte) first;
    return new DataKey(bytes);
  }

  private static ForwardingSpec spec(
      Ipv4Address here, Ipv4Address there, Ipv4Address vtep, boolean encrypted, DataKey... keys) {
    List<ForwardingSpec.Backend> backends =
        List.of(
            new ForwardingSpec.Backend("a", ON_A, 100, false, 0),
            new ForwardingSpec.Backend("b", ON_B, 100, false, 0));
    ForwardingSpec.Network network =
        new ForwardingSpec.Network(
            "net",
            "net",
            4097,
            Ipv4Address.parse("10.0.1.1"),
            null,
            List.of(new ForwardingSpec.LocalPort("task", address(here))),
            List.of(new ForwardingSpec.RemoteEndpoint(address(there), vtep)),
            List.of(vtep),
            false,
            List.of(
                new ForwardingSpec.VirtualService(
                    "s", "web", address(VIP), ForwardingSpec.Balancing.DEFAULT, backends)),
            ForwardingSpec.Preserved.NONE,
            encrypted);
    return new ForwardingSpec(List.of(network), List.of(keys));
  }

  private static ForwardingSpec.Address address(Ipv4Address ip) {
    return new ForwardingSpec.Address(
        ip, new MacAddress(0x0242_0000_0000L | (ip.bits() & 0xffff_ffffL)));
  }
}
