package io.meshd.dataplane.loop;

import io.meshd.dataplane.ForwardingSpec;
import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.MacAddress;
import io.meshd.dataplane.Probe;
import io.meshd.dataplane.ProbeStep;
import io.meshd.dataplane.lb.LoadBalancer;
import io.meshd.dataplane.lb.ServiceTable;
import io.meshd.dataplane.seal.Opener;
import io.meshd.dataplane.seal.ReplayMemory;
import io.meshd.dataplane.seal.SealTable;
import io.meshd.dataplane.seal.Sealer;
import io.meshd.dataplane.switching.DropReason;
import io.meshd.dataplane.switching.ForwardingDecision;
import io.meshd.dataplane.switching.ForwardingTables;
import io.meshd.dataplane.switching.LoopCounters;
import io.meshd.dataplane.switching.TrafficCounter;
import io.meshd.dataplane.switching.VirtualSwitch;
import io.meshd.dataplane.wire.ArpPacket;
import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.Ipv4Header;
import io.meshd.dataplane.wire.SealedHeader;
import io.meshd.dataplane.wire.VxlanHeader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A frame through a switch of its own on the loops' tables: decided by the same code, with real
 * choices and real keys, and with no effect. It goes nowhere, its flow is remembered nowhere, no
 * backend has one flow more for it, and nothing is counted where others look.
 */
final class FrameTrial {
  private static final int MEMORY = 2048;

  /** Room before the frame for VXLAN, sealed or not, behind it for the tag and an answer. */
  private static final long FRAME = 64;

  private static final TrafficCounter[] ANSWERS = {
    TrafficCounter.VIRTUAL_ECHO_REPLIES,
    TrafficCounter.VIRTUAL_RSTS,
    TrafficCounter.VIRTUAL_UNREACHABLES
  };

  private final ForwardingSpec spec;
  private final ForwardingTables tables;
  private final SealTable seals;
  private final IntFunction<String> portOfSlot;

  /** {@code portOfSlot}: the port that a TAP's number belongs to. */
  FrameTrial(
      ForwardingSpec spec,
      ForwardingTables tables,
      SealTable seals,
      IntFunction<String> portOfSlot) {
    this.spec = spec;
    this.tables = tables;
    this.seals = seals;
    this.portOfSlot = portOfSlot;
  }

  /**
   * Out of a port of this node.
   *
   * @param slot of its TAP, or {@link ForwardingTables#NO_SLOT}
   */
  ProbeStep fromPort(String port, int slot, Probe probe) throws IOException {
    ForwardingSpec.Network network = networkOf(port);
    if (network == null || slot == ForwardingTables.NO_SLOT) {
      return dropped(
          network == null ? DropReason.UNASSIGNED_PORT : DropReason.PORT_NOT_ATTACHED, probe);
    }
    try (Arena arena = Arena.ofConfined();
        Run run = new Run(arena)) {
      long mac = macOf(network, port);
      int length = ProbeFrame.arp(probe, mac, run.memory, FRAME);
      run.decide(() -> run.virtualSwitch.fromPort(slot, run.memory, FRAME, length, false));
      if (run.dropped() != null) {
        return run.step(network, probe, null, null, run.dropped());
      }
      long arp = FRAME + EthernetHeader.LENGTH;
      long neighbor = ArpPacket.senderMac(run.memory, arp);
      int packet = ProbeFrame.packet(probe, mac, neighbor, run.memory, FRAME);
      run.decide(() -> run.virtualSwitch.fromPort(slot, run.memory, FRAME, packet, false));
      ProbeStep.Balanced balanced = balanced(network, probe, run);
      run.seal(network, packet);
      return run.step(network, probe, new MacAddress(neighbor), balanced, run.dropped());
    }
  }

  /** Out of another node's VXLAN, in the order of {@link FramesIn}. */
  ProbeStep fromUnderlay(Ipv4Address vtep, byte[] datagram) throws IOException {
    try (Arena arena = Arena.ofConfined();
        Run run = new Run(arena)) {
      MemorySegment m = run.memory;
      if (datagram.length > MEMORY - FRAME) {
        throw new IllegalArgumentException("too long for a probe: " + datagram.length);
      }
      MemorySegment.copy(datagram, 0, m, ValueLayout.JAVA_BYTE, 0, datagram.length);
      if (datagram.length < VxlanHeader.LENGTH || !VxlanHeader.hasVni(m, 0)) {
        return dropped(DropReason.VXLAN_MALFORMED, null);
      }
      int vni = VxlanHeader.vni(m, 0);
      boolean sealed = SealedHeader.isSealed(m, 0);
      int header = sealed ? SealedHeader.LENGTH : VxlanHeader.LENGTH;
      int length = datagram.length - header;
      DropReason refusal = null;
      if (sealed) {
        refusal = run.virtualSwitch.sealedRefusal(vtep.bits(), vni);
        if (refusal == null) {
          try (Opener opener = new Opener(run.windows)) {
            opener.use(seals);
            length = opener.open(vtep.bits(), m, 0, datagram.length);
            refusal = length < 0 ? opener.reason() : null;
          }
        }
      }
      if (refusal == null) {
        int frame = length;
        run.decide(
            () -> run.virtualSwitch.fromUnderlay(vtep.bits(), vni, sealed, m, header, frame));
        refusal = run.dropped();
      }
      ForwardingSpec.Network network =
          spec.networks().stream().filter(one -> one.vni() == vni).findFirst().orElse(null);
      if (network == null || refusal != null) {
        return dropped(refusal == null ? DropReason.UNKNOWN_VNI : refusal, null);
      }
      run.at = header;
      return run.step(network, null, null, null, null);
    }
  }

  private ForwardingSpec.@Nullable Network networkOf(String port) {
    for (ForwardingSpec.Network network : spec.networks()) {
      ForwardingSpec.NodePort node = network.nodePort();
      if ((node != null && node.port().equals(port))
          || network.ports().stream().anyMatch(each -> each.port().equals(port))) {
        return network;
      }
    }
    return null;
  }

  private static long macOf(ForwardingSpec.Network network, String port) {
    return network.ports().stream()
        .filter(each -> each.port().equals(port))
        .map(each -> each.address().mac().bits())
        .findFirst()
        .orElseGet(() -> network.nodePort() == null ? 0 : network.nodePort().deviceMac().bits());
  }

  private ProbeStep.@Nullable Balanced balanced(
      ForwardingSpec.Network network, Probe probe, Run run) {
    ServiceTable table = tables.service(network.vni(), probe.destination().bits());
    ForwardingSpec.VirtualService service =
        network.services().stream()
            .filter(each -> each.vip().ip().equals(probe.destination()))
            .findFirst()
            .orElse(null);
    if (table == null || service == null) {
      return null;
    }
    Ipv4Address now = run.destination();
    List<ProbeStep.Backend> backends = new ArrayList<>();
    String chosen = null;
    for (ServiceTable.Standing one : run.balancer.standings(table)) {
      Ipv4Address ip = new Ipv4Address(one.ip());
      String id =
          service.backends().stream()
              .filter(each -> each.ip().equals(ip))
              .map(ForwardingSpec.Backend::id)
              .findFirst()
              .orElse("");
      int share = one.weight() == 0 ? 0 : (int) Math.round(100 * one.weightNow() / one.weight());
      backends.add(
          new ProbeStep.Backend(
              id,
              ip,
              one.weight(),
              share,
              one.openFlows(),
              one.draining(),
              one.local(),
              one.ejected()));
      if (run.forwarded() && ip.equals(now)) {
        chosen = id;
      }
    }
    return new ProbeStep.Balanced(
        service.name(),
        service.balancing().choice() == ForwardingSpec.Choice.CLIENT_ADDRESS,
        chosen,
        backends);
  }

  private static ProbeStep dropped(DropReason reason, @Nullable Probe probe) {
    Ipv4Address nobody = new Ipv4Address(0);
    return new ProbeStep(
        "",
        0,
        false,
        null,
        null,
        probe == null ? nobody : probe.source(),
        probe == null ? nobody : probe.destination(),
        List.of(),
        List.of(),
        new byte[0],
        null,
        reason.label(),
        reason.meaning());
  }

  @FunctionalInterface
  private interface Decision {
    ForwardingDecision of();
  }

  /** One trial's switch, and what it decided last. */
  private final class Run implements AutoCloseable {
    final MemorySegment memory;
    final LoopCounters counters = new LoopCounters();
    final LoadBalancer balancer;
    final VirtualSwitch virtualSwitch;
    final ReplayMemory windows = ReplayMemory.anonymous();
    final List<String> ports = new ArrayList<>();
    final List<Ipv4Address> vteps = new ArrayList<>();
    byte[] datagram = new byte[0];
    long at = FRAME;
    private @Nullable DropReason sealing;

    Run(Arena arena) throws IOException {
      memory = arena.allocate(MEMORY, 64);
      balancer = LoadBalancer.trial(System::nanoTime);
      virtualSwitch = new VirtualSwitch(tables, balancer, counters);
    }

    void decide(Decision by) {
      ForwardingDecision decision = by.of();
      ports.clear();
      vteps.clear();
      for (int i = 0; i < decision.slotCount(); i++) {
        ports.add(portOfSlot.apply(decision.slot(i)));
      }
      for (int i = 0; i < decision.vtepCount(); i++) {
        vteps.add(new Ipv4Address(decision.vtep(i)));
      }
    }

    @Nullable DropReason dropped() {
      for (DropReason reason : DropReason.values()) {
        if (counters.dropped(reason) > 0) {
          return reason;
        }
      }
      return sealing;
    }

    boolean forwarded() {
      return answer() == null && dropped() == null;
    }

    private @Nullable String answer() {
      for (TrafficCounter counter : ANSWERS) {
        if (counters.counted(counter) > 0) {
          return counter.label();
        }
      }
      return null;
    }

    /** The datagram for the first VTEP. */
    void seal(ForwardingSpec.Network network, int length) {
      if (vteps.isEmpty()) {
        return;
      }
      byte[] frame = memory.asSlice(FRAME, length).toArray(ValueLayout.JAVA_BYTE);
      int header = network.encrypted() ? SealedHeader.LENGTH : VxlanHeader.LENGTH;
      long from = FRAME - header;
      int total = header + length;
      if (network.encrypted()) {
        try (Sealer sealer = new Sealer()) {
          sealer.use(seals);
          total = sealer.seal(network.vni(), vteps.getFirst().bits(), memory, from, length);
        }
      } else {
        VxlanHeader.initialize(memory, from, network.vni());
      }
      if (total < 0) {
        sealing = DropReason.NO_KEY;
        vteps.clear();
        return;
      }
      datagram = memory.asSlice(from, total).toArray(ValueLayout.JAVA_BYTE);
      MemorySegment.copy(frame, 0, memory, ValueLayout.JAVA_BYTE, FRAME, length);
    }

    Ipv4Address source() {
      return new Ipv4Address(Ipv4Header.source(memory, at + EthernetHeader.LENGTH));
    }

    Ipv4Address destination() {
      return new Ipv4Address(Ipv4Header.destination(memory, at + EthernetHeader.LENGTH));
    }

    ProbeStep step(
        ForwardingSpec.Network network,
        @Nullable Probe probe,
        @Nullable MacAddress neighbor,
        ProbeStep.@Nullable Balanced balanced,
        @Nullable DropReason reason) {
      Probe asking = neighbor == null ? probe : null; // no packet was made yet
      return new ProbeStep(
          network.name(),
          network.vni(),
          network.encrypted(),
          neighbor,
          balanced,
          asking != null ? asking.source() : source(),
          asking != null ? asking.destination() : destination(),
          reason == null ? List.copyOf(ports) : List.of(),
          reason == null ? List.copyOf(vteps) : List.of(),
          datagram,
          answer(),
          reason == null ? null : reason.label(),
          reason == null ? null : reason.meaning());
    }

    @Override
    public void close() {
      balancer.close();
      windows.close();
    }
  }
}
