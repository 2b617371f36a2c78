package io.meshd.dataplane.switching;

import io.meshd.dataplane.lb.LoadBalancer;
import io.meshd.dataplane.wire.ArpPacket;
import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.Ipv4Header;
import io.meshd.dataplane.wire.Ipv6Header;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Decides where a frame goes, from tables alone; nothing is learned. Two ways in, {@link #fromPort}
 * and {@link #fromUnderlay}; the second never leads a frame back to the underlay. The order of
 * each:
 *
 * <ol>
 *   <li>who sent it: the source must be exactly what the tables say of that port or that VTEP;
 *   <li>ARP and IPv6's neighbour discovery are answered here, whole;
 *   <li>groups go to the network's local endpoints and, from a port, to its VTEPs;
 *   <li>others to the one station that has the destination MAC, if the two may talk; for a virtual
 *       address that is a backend of its service ({@link FlowBalancer}).
 * </ol>
 *
 * <p>The node port has one device for two addresses. Its device's MAC is the gateway's; a frame
 * from it gets the source MAC of its source IP here; a frame to it is to get the device's as
 * destination, which the decision says. It may also send with the address of a client of a
 * published port as source, and gets the replies to it ({@link PreservedFlows}).
 *
 * <p>One per loop; not thread-safe.
 */
public final class VirtualSwitch {
  private final LoopCounters counters;
  private final ForwardingDecision decision = new ForwardingDecision();
  private final FrameView ownFrame = new FrameView();
  private final FlowBalancer balancer;
  private final PreservedFlows preserved;
  private final NeighborDiscovery discovery;
  private FrameView frame = ownFrame;
  private ForwardingTables tables;

  /**
   * @param balancer shared by the switches of all loops
   */
  public VirtualSwitch(ForwardingTables tables, LoadBalancer balancer, LoopCounters counters) {
    this.tables = tables;
    this.counters = counters;
    this.balancer = new FlowBalancer(balancer, counters);
    this.preserved = new PreservedFlows(balancer::nowSeconds, decision, counters);
    this.discovery = new NeighborDiscovery(decision, counters);
  }

  /** Takes effect with the next frame. */
  public void use(ForwardingTables tables) {
    this.tables = tables;
  }

  /**
   * The frame last given, measured, or the one {@link ForwardingDecision#isInjected} instead of it;
   * what it offers holds only when it was not dropped.
   */
  public FrameView frame() {
    return frame;
  }

  /**
   * A frame from a TAP. May change its addresses, or all of it into an answer to its sender.
   *
   * @param slot the TAP's
   * @param memory with at least {@link io.meshd.dataplane.lb.Answers#ROOM} bytes from there on
   * @param partial whether its checksum is virtio's NEEDS_CSUM
   * @return valid until the next call
   */
  public ForwardingDecision fromPort(
      int slot, MemorySegment memory, long at, int length, boolean partial) {
    decision.clear();
    frame = ownFrame;
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
    decision.clear(source.network().vni, source.network().encrypted);
    if (EthernetHeader.source(memory, at) != source.station().mac()) {
      return drop(DropReason.SPOOFED_MAC);
    }
    if (frame.isIpv6() && !Senders.mayUseIpv6(source)) {
      return drop(DropReason.NO_IPV6);
    }
    Station sender = Senders.onPort(source, frame);
    if (sender == null) {
      return source.station().isNodePort() && !frame.isArp() && !frame.isIpv6()
          ? unless(preserved.request(source.network(), source.network().ownNode, frame))
          : drop(DropReason.SPOOFED_IP);
    }
    if (frame.isArp()) {
      return answer(source, memory);
    }
    if (frame.isIpv6() && NeighborDiscovery.concerns(frame)) {
      return unless(discovery.fromPort(source, frame));
    }
    EthernetHeader.source(memory, at, sender.mac());
    long destination = EthernetHeader.destination(memory, at);
    return EthernetHeader.isGroup(destination)
        ? flood(source, sender)
        : unicast(source, sender, destination, partial);
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

  private ForwardingDecision unicast(
      NetworkTable.Source source, Station sender, long mac, boolean partial) {
    NetworkTable network = source.network();
    Station target = network.byMac(mac);
    if (target == null) {
      return switch (balancer.orphan(network, sender, frame)) {
        case ANSWER -> answer(source, sender);
        case DROP -> drop(balancer.reason());
        case PASS, FORWARD, FROM_VIRTUAL, INJECT -> drop(DropReason.UNKNOWN_MAC);
      };
    }
    if (target.kind() == Station.Kind.VIRTUAL) {
      return network.nodeFlowsOnly && !sender.isNodePort()
          ? drop(DropReason.NODE_FLOWS_ONLY)
          : balance(source, sender, target, partial);
    }
    if (target.kind() == Station.Kind.GATEWAY && isForeign(network)) {
      return unless(preserved.reply(network, sender, frame));
    }
    if (frame.opensFlow()
        && balancer.direct(network, sender, frame) == FlowBalancer.Outcome.ANSWER) {
      return answer(source, sender);
    }
    if (!target.isLocal()) {
      return forward(network, sender, target);
    }
    return switch (balancer.reply(network, sender, frame)) {
      case PASS, FORWARD, ANSWER -> deliver(network, sender, target);
      case FROM_VIRTUAL -> {
        Station virtual = balancer.target();
        FrameEnds.source(frame, partial, virtual);
        yield deliver(network, sender, target);
      }
      case INJECT -> inject(network);
      case DROP -> drop(balancer.reason());
    };
  }

  private ForwardingDecision balance(
      NetworkTable.Source source, Station sender, Station virtual, boolean partial) {
    NetworkTable network = source.network();
    return switch (balancer.request(network, sender, virtual, frame, partial)) {
      case FORWARD -> forward(network, sender, balancer.target());
      case ANSWER -> answer(source, sender);
      case INJECT -> inject(network);
      case PASS, FROM_VIRTUAL, DROP -> drop(balancer.reason());
    };
  }

  /** Back to the port that the frame came from, of which the balancer has made its answer. */
  private ForwardingDecision answer(NetworkTable.Source source, Station sender) {
    decision.answer(balancer.answerLength());
    if (sender.isNodePort()) {
      decision.rewriteDestination(source.network().nodeDeviceMac);
    }
    decision.addSlot(source.slot());
    return decision;
  }

  /** Sends the balancer's frame, a client's of this node, instead of the one given. */
  private ForwardingDecision inject(NetworkTable network) {
    frame = balancer.injected();
    decision.inject();
    Station backend = balancer.target();
    Station client = network.byIp(balancer.client());
    return client == null ? drop(DropReason.CONNECT_RETRIED) : forward(network, client, backend);
  }

  private ForwardingDecision forward(NetworkTable network, Station sender, Station target) {
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
      Station named = named(network);
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

  /** Whom the frame's destination address names. */
  private @Nullable Station named(NetworkTable network) {
    MemorySegment memory = frame.memory();
    long ip = frame.network();
    return frame.isIpv6()
        ? network.byIpv6(
            Ipv6Header.destinationHigh(memory, ip), Ipv6Header.destinationLow(memory, ip))
        : network.byIp(Ipv4Header.destination(memory, ip));
  }

  private boolean mayTalk(NetworkTable network, Station sender, Station target) {
    if (!network.nodeFlowsOnly || sender.isNodePort()) {
      return true;
    }
    return target.isNodePort() && !frame.opensFlow();
  }

  /** Whether the destination is an IPv4 address that the network has not, as a client's may be. */
  private boolean isForeign(NetworkTable network) {
    return network.preserved != null
        && !frame.isIpv6()
        && network.byIp(Ipv4Header.destination(frame.memory(), frame.network())) == null;
  }

  private ForwardingDecision unless(@Nullable DropReason reason) {
    return reason == null ? decision : drop(reason);
  }

  /**
   * A frame out of VXLAN. It is not changed, but for what an ICMP error quotes; the decision says
   * what is to be changed.
   *
   * @param vtep outer source address
   * @param sealed whether it came sealed, and was opened
   * @return valid until the next call; has a VTEP only for a frame that is injected
   */
  public ForwardingDecision fromUnderlay(
      int vtep, int vni, boolean sealed, MemorySegment memory, long at, int length) {
    decision.clear();
    frame = ownFrame;
    NetworkTable network = tables.network(vni);
    if (network == null) {
      return drop(DropReason.UNKNOWN_VNI);
    }
    DropReason refusal = Senders.outerLie(network, vtep, sealed);
    if (refusal != null) {
      return drop(refusal);
    }
    decision.clear(vni, network.encrypted);
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
    if (frame.isIpv6()) {
      DropReason lie = Senders.ipv6Lie(sender, frame);
      if (lie != null) {
        return drop(lie);
      }
    } else if (Ipv4Header.source(memory, frame.network()) != sender.ip()) {
      return sender.kind() == Station.Kind.NODE
          ? unless(preserved.request(network, sender, frame))
          : drop(DropReason.SPOOFED_INNER_IP);
    }
    long destination = EthernetHeader.destination(memory, at);
    if (EthernetHeader.isGroup(destination)) {
      return floodLocally(network, sender);
    }
    Station target = network.byMac(destination);
    if (target == null || !target.isLocal()) {
      return drop(DropReason.NOT_LOCAL);
    }
    if (target.kind() == Station.Kind.VIRTUAL) {
      return drop(DropReason.VIRTUAL_FROM_WIRE);
    }
    if (target.kind() == Station.Kind.NODE && isForeign(network)) {
      return unless(preserved.reply(network, sender, frame));
    }
    return switch (balancer.reply(network, sender, frame)) {
      case PASS, FORWARD, ANSWER -> deliver(network, sender, target);
      case FROM_VIRTUAL -> {
        Station virtual = balancer.target();
        decision.rewriteSource(virtual);
        yield deliver(network, sender, target);
      }
      case INJECT -> inject(network);
      case DROP -> drop(balancer.reason());
    };
  }

  /** What keeps a sealed frame from this sender from being opened at all; null for nothing. */
  public @Nullable DropReason sealedRefusal(int vtep, int vni) {
    NetworkTable network = tables.network(vni);
    return network == null ? DropReason.UNKNOWN_VNI : Senders.outerLie(network, vtep, true);
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
