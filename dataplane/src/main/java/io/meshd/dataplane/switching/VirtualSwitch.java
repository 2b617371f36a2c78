package io.meshd.dataplane.switching;

import io.meshd.dataplane.wire.ArpPacket;
import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.Ipv4Header;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Decides where a frame goes, from tables alone; nothing is learned. Two ways in, {@link #fromPort}
 * and {@link #fromUnderlay}; the second never leads back to the underlay. The order of each:
 *
 * <ol>
 *   <li>who sent it: the source must be exactly what the tables say of that port or that VTEP;
 *   <li>ARP is answered here, whole;
 *   <li>groups go to the network's local endpoints and, from a port, to its VTEPs;
 *   <li>others to the one station that has the destination MAC, if the two may talk.
 * </ol>
 *
 * <p>The node port has one device for two addresses. Its device's MAC is the gateway's; a frame
 * from it gets the source MAC of its source IP here; a frame to it is to get the device's as
 * destination, which the decision says.
 *
 * <p>One per loop; not thread-safe.
 */
public final class VirtualSwitch {
  private final LoopCounters counters;
  private final ForwardingDecision decision = new ForwardingDecision();
  private final FrameView frame = new FrameView();
  private ForwardingTables tables;

  public VirtualSwitch(ForwardingTables tables, LoopCounters counters) {
    this.tables = tables;
    this.counters = counters;
  }

  /** Takes effect with the next frame. */
  public void use(ForwardingTables tables) {
    this.tables = tables;
  }

  /** The frame last given, measured; what it offers holds only when it was not dropped. */
  public FrameView frame() {
    return frame;
  }

  /**
   * A frame from a TAP. May change its MAC addresses, or all of it into an ARP reply.
   *
   * @param slot the TAP's
   * @return valid until the next call
   */
  public ForwardingDecision fromPort(int slot, MemorySegment memory, long at, int length) {
    decision.clear(0);
    NetworkTable.Source source = tables.source(slot);
    if (source == null) {
      return drop(DropReason.UNASSIGNED_PORT);
    }
    switch (frame.parse(memory, at, length)) {
      case OK -> {}
      case MALFORMED -> {
        return drop(DropReason.MALFORMED);
      }
      case UNSUPPORTED -> {
        return drop(DropReason.UNSUPPORTED_ETHERTYPE);
      }
    }
    decision.clear(source.network().vni);
    if (EthernetHeader.source(memory, at) != source.station().mac()) {
      return drop(DropReason.SPOOFED_MAC);
    }
    Station sender = sender(source, memory);
    if (sender == null) {
      return drop(DropReason.SPOOFED_IP);
    }
    if (frame.isArp()) {
      return answer(source, memory);
    }
    EthernetHeader.source(memory, at, sender.mac());
    long destination = EthernetHeader.destination(memory, at);
    return EthernetHeader.isGroup(destination)
        ? flood(source, sender)
        : unicast(source.network(), sender, destination);
  }

  /** The station that the frame's source IP names, if it lives on that port. */
  private @Nullable Station sender(NetworkTable.Source source, MemorySegment memory) {
    Station station = source.station();
    long network = frame.network();
    int ip =
        frame.isArp() ? ArpPacket.senderIp(memory, network) : Ipv4Header.source(memory, network);
    if (frame.isArp() && ArpPacket.senderMac(memory, network) != station.mac()) {
      return null;
    }
    if (ip == station.ip()) {
      return station;
    }
    if (!station.isNodePort()) {
      return null;
    }
    Station own = source.network().byIp(ip);
    return own != null && own.isNodePort() && own.isLocal() ? own : null;
  }

  private ForwardingDecision answer(NetworkTable.Source source, MemorySegment memory) {
    long arp = frame.network();
    int target = ArpPacket.targetIp(memory, arp);
    if (ArpPacket.operation(memory, arp) != ArpPacket.REQUEST
        || target == ArpPacket.senderIp(memory, arp)) {
      return drop(DropReason.UNSOLICITED_ARP);
    }
    Station found = source.network().byIp(target);
    // The node port's two addresses are one device's: it has no business asking for them.
    if (found == null || (found.slot() == source.slot() && found.isLocal())) {
      return drop(DropReason.UNKNOWN_ARP_TARGET);
    }
    ArpResponder.reply(frame, found.mac());
    counters.count(TrafficCounter.ARP_REPLIES, 1);
    decision.addSlot(source.slot());
    return decision;
  }

  private ForwardingDecision flood(NetworkTable.Source source, Station sender) {
    NetworkTable network = source.network();
    if (network.nodeFlowsOnly && !sender.isNodePort()) {
      return drop(DropReason.NODE_FLOWS_ONLY);
    }
    for (int slot : network.endpointSlots) {
      if (slot != source.slot()) {
        decision.addSlot(slot);
      }
    }
    if (sender.kind() != Station.Kind.GATEWAY) {
      for (int i = 0; i < network.vteps.size(); i++) {
        decision.addVtep(network.vteps.get(i));
      }
    }
    return decision;
  }

  private ForwardingDecision unicast(NetworkTable network, Station sender, long mac) {
    Station target = network.byMac(mac);
    if (target == null) {
      return drop(DropReason.UNKNOWN_MAC);
    }
    if (target.isLocal()) {
      return deliver(network, sender, target);
    }
    if (sender.kind() == Station.Kind.GATEWAY) {
      return drop(DropReason.GATEWAY_OFF_NODE);
    }
    if (!mayTalk(network, sender, target)) {
      return drop(DropReason.NODE_FLOWS_ONLY);
    }
    decision.addVtep(target.vtep());
    return decision;
  }

  private ForwardingDecision deliver(NetworkTable network, Station sender, Station target) {
    if (!mayTalk(network, sender, target)) {
      return drop(DropReason.NODE_FLOWS_ONLY);
    }
    if (target.isNodePort()) {
      MemorySegment memory = frame.memory();
      Station named = network.byIp(Ipv4Header.destination(memory, frame.network()));
      boolean toItself = sender.isNodePort() && sender.isLocal();
      if (named == null || !named.isNodePort() || !named.isLocal() || toItself) {
        return drop(DropReason.NOT_FOR_NODE);
      }
      if (named.kind() == Station.Kind.GATEWAY && !sender.isLocal()) {
        return drop(DropReason.GATEWAY_OFF_NODE);
      }
      decision.rewriteDestination(network.nodeDeviceMac);
    }
    if (target.slot() == Station.NO_SLOT) {
      return drop(DropReason.PORT_NOT_ATTACHED);
    }
    decision.addSlot(target.slot());
    return decision;
  }

  private boolean mayTalk(NetworkTable network, Station sender, Station target) {
    if (!network.nodeFlowsOnly || sender.isNodePort()) {
      return true;
    }
    return target.isNodePort() && !frame.opensFlow();
  }

  /**
   * A frame out of VXLAN; it is not changed.
   *
   * @param vtep outer source address
   * @return valid until the next call; never has a VTEP
   */
  public ForwardingDecision fromUnderlay(
      int vtep, int vni, MemorySegment memory, long at, int length) {
    decision.clear(vni);
    NetworkTable network = tables.network(vni);
    if (network == null) {
      return drop(DropReason.UNKNOWN_VNI);
    }
    if (!network.vteps.contains(vtep)) {
      return drop(DropReason.UNKNOWN_VTEP);
    }
    switch (frame.parse(memory, at, length)) {
      case OK -> {}
      case MALFORMED -> {
        return drop(DropReason.INNER_MALFORMED);
      }
      case UNSUPPORTED -> {
        return drop(DropReason.INNER_UNSUPPORTED);
      }
    }
    Station sender = network.byMac(EthernetHeader.source(memory, at));
    if (sender == null || sender.vtep() != vtep) {
      return drop(DropReason.SPOOFED_INNER_MAC);
    }
    if (frame.isArp()) {
      return drop(DropReason.INNER_ARP);
    }
    if (Ipv4Header.source(memory, frame.network()) != sender.ip()) {
      return drop(DropReason.SPOOFED_INNER_IP);
    }
    long destination = EthernetHeader.destination(memory, at);
    if (EthernetHeader.isGroup(destination)) {
      return floodLocally(network, sender);
    }
    Station target = network.byMac(destination);
    if (target == null || !target.isLocal()) {
      return drop(DropReason.NOT_LOCAL);
    }
    return deliver(network, sender, target);
  }

  private ForwardingDecision floodLocally(NetworkTable network, Station sender) {
    if (network.nodeFlowsOnly && !sender.isNodePort()) {
      return drop(DropReason.NODE_FLOWS_ONLY);
    }
    for (int slot : network.endpointSlots) {
      decision.addSlot(slot);
    }
    return decision;
  }

  private ForwardingDecision drop(DropReason reason) {
    counters.drop(reason);
    return decision;
  }
}
