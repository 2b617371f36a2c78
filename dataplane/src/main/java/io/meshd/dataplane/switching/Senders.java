package io.meshd.dataplane.switching;

import io.meshd.dataplane.wire.ArpPacket;
import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.Ipv4Header;
import io.meshd.dataplane.wire.Ipv6Header;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Whom a frame's source addresses name, and whether that is who sent it. */
final class Senders {
  private Senders() {}

  /** Whether IPv6 from this port is anybody's. */
  static boolean mayUseIpv6(NetworkTable.Source source) {
    Station station = source.station();
    return station.isNodePort() ? source.network().hasIpv6 : station.hasIpv6();
  }

  /** The station that the frame's source IP names, if it lives on that port. */
  static @Nullable Station onPort(NetworkTable.Source source, FrameView frame) {
    return frame.isIpv6() ? byIpv6(source, frame) : byIpv4(source, frame);
  }

  private static @Nullable Station byIpv4(NetworkTable.Source source, FrameView frame) {
    MemorySegment memory = frame.memory();
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
    return station.isNodePort() ? nodeHere(source.network().byIp(ip)) : null;
  }

  /** Who has no address yet may ask whether somebody has it (RFC 4862 section 5.4). */
  private static @Nullable Station byIpv6(NetworkTable.Source source, FrameView frame) {
    Station station = source.station();
    long high = Ipv6Header.sourceHigh(frame.memory(), frame.network());
    long low = Ipv6Header.sourceLow(frame.memory(), frame.network());
    boolean unspecified = (high | low) == 0;
    if (station.ownsIpv6(high, low) || (unspecified && NeighborDiscovery.concerns(frame))) {
      return station;
    }
    return station.isNodePort() ? nodeHere(source.network().byIpv6(high, low)) : null;
  }

  private static @Nullable Station nodeHere(@Nullable Station own) {
    return own != null && own.isNodePort() && own.isLocal() ? own : null;
  }

  /** Why nothing out of VXLAN from this VTEP is the network's; null when it may be. */
  static @Nullable DropReason outerLie(NetworkTable network, int vtep, boolean sealed) {
    if (!network.vteps.contains(vtep)) {
      return DropReason.UNKNOWN_VTEP;
    }
    if (network.encrypted == sealed) {
      return null;
    }
    return sealed ? DropReason.SEALED_ON_PLAIN : DropReason.NOT_SEALED;
  }

  /** Why an IPv6 frame out of VXLAN is not the station's that has its MAC; null when it is. */
  static @Nullable DropReason ipv6Lie(Station sender, FrameView frame) {
    if (NeighborDiscovery.concerns(frame)) {
      return DropReason.INNER_ND;
    }
    MemorySegment memory = frame.memory();
    long ip = frame.network();
    return sender.ownsIpv6(Ipv6Header.sourceHigh(memory, ip), Ipv6Header.sourceLow(memory, ip))
        ? null
        : DropReason.SPOOFED_INNER_IP;
  }
}
