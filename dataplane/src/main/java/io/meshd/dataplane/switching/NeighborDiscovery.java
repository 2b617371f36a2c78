package io.meshd.dataplane.switching;

import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.Icmpv6Header;
import io.meshd.dataplane.wire.Ipv6Header;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * What a link says about itself over IPv6: neighbour discovery (RFC 4861) is answered from the
 * tables, as ARP is; routers and multicast listeners have nobody to talk to, as the overlay has no
 * router and a group's frames go to all. None of it travels.
 */
final class NeighborDiscovery {
  private static final int HOP_LIMIT = 255;
  private static final int ANSWER = Icmpv6Header.NEIGHBOR_LENGTH + Icmpv6Header.OPTION_LENGTH;

  /** ff02::1 and its MAC (RFC 2464 section 7). */
  private static final long ALL_NODES_HIGH = 0xff02_0000_0000_0000L;

  private static final long ALL_NODES_LOW = 1;
  private static final long ALL_NODES_MAC = 0x3333_0000_0001L;

  private final ForwardingDecision decision;
  private final LoopCounters counters;

  /**
   * @param decision the switch's, filled with an answer
   */
  NeighborDiscovery(ForwardingDecision decision, LoopCounters counters) {
    this.decision = decision;
    this.counters = counters;
  }

  /** Whether an IPv6 frame is one of those that end here, or says that it is. */
  static boolean concerns(FrameView frame) {
    if (frame.protocol() != Ipv6Header.PROTOCOL_ICMPV6 || !frame.isFirstFragment()) {
      return false;
    }
    int type = Icmpv6Header.type(frame.memory(), frame.transport());
    return (type >= Icmpv6Header.LISTENER_QUERY && type <= Icmpv6Header.REDIRECT)
        || type == Icmpv6Header.LISTENER_REPORT_2;
  }

  /**
   * A frame from a port that {@link #concerns}.
   *
   * @return why it is dropped, or null when it has become an answer
   */
  @Nullable DropReason fromPort(NetworkTable.Source source, FrameView frame) {
    return switch (Icmpv6Header.type(frame.memory(), frame.transport())) {
      case Icmpv6Header.NEIGHBOR_SOLICITATION -> solicited(source, frame);
      case Icmpv6Header.NEIGHBOR_ADVERTISEMENT -> DropReason.UNSOLICITED_ND;
      case Icmpv6Header.ROUTER_SOLICITATION,
          Icmpv6Header.ROUTER_ADVERTISEMENT,
          Icmpv6Header.REDIRECT ->
          DropReason.ROUTER_DISCOVERY;
      default -> DropReason.MULTICAST_LISTENER;
    };
  }

  private @Nullable DropReason solicited(NetworkTable.Source source, FrameView frame) {
    if (!isGood(frame)) {
      return DropReason.MALFORMED_ND;
    }
    MemorySegment m = frame.memory();
    long high = Icmpv6Header.targetHigh(m, frame.transport());
    long low = Icmpv6Header.targetLow(m, frame.transport());
    Station target = target(source.network(), high, low);
    if (target == null) {
      return DropReason.UNKNOWN_ND_TARGET;
    }
    // Its own address: duplicate address detection (RFC 4862), which silence answers.
    if (target.isLocal() && target.slot() == source.slot()) {
      return DropReason.UNSOLICITED_ND;
    }
    counters.count(TrafficCounter.ND_REPLIES, 1);
    decision.answer(advertise(frame, target.mac(), high, low));
    decision.addSlot(source.slot());
    return null;
  }

  /** RFC 4861 section 7.1.1, and RFC 6980: no extension headers, fragments least of all. */
  private static boolean isGood(FrameView frame) {
    MemorySegment m = frame.memory();
    int length = frame.ipLength() - Ipv6Header.LENGTH;
    return frame.ipHeaderLength() == Ipv6Header.LENGTH
        && length >= Icmpv6Header.NEIGHBOR_LENGTH
        && Ipv6Header.hopLimit(m, frame.network()) == HOP_LIMIT
        && Icmpv6Header.code(m, frame.transport()) == 0
        && Icmpv6Header.checksumVerifies(m, frame.network(), frame.transport(), length);
  }

  private static @Nullable Station target(NetworkTable network, long high, long low) {
    if (high != LinkLocal.PREFIX) {
      return network.byIpv6(high, low);
    }
    Station station = network.byMac(LinkLocal.mac(low));
    return station != null && station.hasLinkLocal() ? station : null;
  }

  /**
   * Makes the solicitation its answer, in place: to who asked, or to all nodes where that has no
   * address yet (RFC 4861 section 7.2.4).
   *
   * @return the answer's length
   */
  private static int advertise(FrameView frame, long mac, long high, long low) {
    MemorySegment m = frame.memory();
    long ip = frame.network();
    long askerHigh = Ipv6Header.sourceHigh(m, ip);
    long askerLow = Ipv6Header.sourceLow(m, ip);
    int flags = Icmpv6Header.OVERRIDE;
    if (askerHigh == 0 && askerLow == 0) {
      EthernetHeader.destination(m, frame.at(), ALL_NODES_MAC);
      Ipv6Header.destination(m, ip, ALL_NODES_HIGH, ALL_NODES_LOW);
    } else {
      EthernetHeader.destination(m, frame.at(), EthernetHeader.source(m, frame.at()));
      Ipv6Header.destination(m, ip, askerHigh, askerLow);
      flags |= Icmpv6Header.SOLICITED;
    }
    EthernetHeader.source(m, frame.at(), mac);
    Ipv6Header.initialize(m, ip);
    Ipv6Header.payloadLength(m, ip, ANSWER);
    Ipv6Header.source(m, ip, high, low);
    Icmpv6Header.advertise(m, frame.transport(), flags, mac);
    Icmpv6Header.updateChecksum(m, ip, frame.transport(), ANSWER);
    return EthernetHeader.LENGTH + Ipv6Header.LENGTH + ANSWER;
  }
}
