package io.meshd.dataplane.switching;

import io.meshd.dataplane.lb.AddressRewriter;
import io.meshd.dataplane.lb.QuotedPacket;
import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.IcmpHeader;
import io.meshd.dataplane.wire.Icmpv6Header;
import io.meshd.dataplane.wire.Ipv4Header;
import io.meshd.dataplane.wire.Ipv6Header;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Between whom a frame is, of either family, as balancing knows them: by the IPv4 addresses of
 * their stations, also where the frame has their IPv6 addresses. So a flow over IPv6 is a flow
 * between the same two numbers, of another protocol.
 */
final class FrameEnds {
  /** Nobody's address. */
  static final int NOBODY = 0;

  /** Tells protocols over IPv6 from those over IPv4; neither TCP nor UDP nor ICMP has it. */
  private static final int IPV6 = 0x80;

  private static final long VIRTUAL_MAC = 0x0242L;

  private FrameEnds() {}

  static int source(NetworkTable network, FrameView frame) {
    MemorySegment m = frame.memory();
    long ip = frame.network();
    return frame.isIpv6()
        ? number(network.byIpv6(Ipv6Header.sourceHigh(m, ip), Ipv6Header.sourceLow(m, ip)))
        : Ipv4Header.source(m, ip);
  }

  static int destination(NetworkTable network, FrameView frame) {
    MemorySegment m = frame.memory();
    long ip = frame.network();
    return frame.isIpv6()
        ? number(
            network.byIpv6(Ipv6Header.destinationHigh(m, ip), Ipv6Header.destinationLow(m, ip)))
        : Ipv4Header.destination(m, ip);
  }

  static int source(NetworkTable network, FrameView frame, QuotedPacket quoted) {
    return frame.isIpv6()
        ? number(network.byIpv6(quoted.sourceHigh(), quoted.sourceLow()))
        : quoted.source();
  }

  static int destination(NetworkTable network, FrameView frame, QuotedPacket quoted) {
    return frame.isIpv6()
        ? number(network.byIpv6(quoted.destinationHigh(), quoted.destinationLow()))
        : quoted.destination();
  }

  private static int number(@Nullable Station station) {
    return station == null ? NOBODY : station.ip();
  }

  /**
   * The virtual address that a frame is for, where no table knows it any more: the IPv4 address
   * that its MAC was made of.
   */
  static int formerDestination(FrameView frame) {
    if (!frame.isIpv6()) {
      return Ipv4Header.destination(frame.memory(), frame.network());
    }
    long mac = EthernetHeader.destination(frame.memory(), frame.at());
    return mac >>> 32 == VIRTUAL_MAC ? (int) mac : NOBODY;
  }

  /** Whether it is sent from the address that the sender is known by, not its link-local one. */
  static boolean isKnownBy(Station sender, FrameView frame) {
    MemorySegment m = frame.memory();
    long ip = frame.network();
    return !frame.isIpv6()
        || (Ipv6Header.sourceHigh(m, ip) == sender.ipv6High()
            && Ipv6Header.sourceLow(m, ip) == sender.ipv6Low());
  }

  /** As flows have it. */
  static int protocol(FrameView frame) {
    return protocol(frame, frame.protocol());
  }

  /** As flows have it, of what a frame quotes. */
  static int protocol(FrameView frame, int protocol) {
    return frame.isIpv6() ? protocol | IPV6 : protocol;
  }

  static boolean isIcmp(FrameView frame) {
    return frame.protocol()
        == (frame.isIpv6() ? Ipv6Header.PROTOCOL_ICMPV6 : Ipv4Header.PROTOCOL_ICMP);
  }

  /** Of an ICMP message of its family. */
  static boolean isEchoRequest(FrameView frame) {
    return icmpType(frame)
        == (frame.isIpv6() ? Icmpv6Header.ECHO_REQUEST : IcmpHeader.ECHO_REQUEST);
  }

  /** Of an ICMP message of its family. */
  static boolean isError(FrameView frame) {
    int type = icmpType(frame);
    return frame.isIpv6() ? Icmpv6Header.isError(type) : IcmpHeader.isError(type);
  }

  /** An unreachable that is about more than the packet's size. */
  static boolean refuses(FrameView frame) {
    if (frame.isIpv6()) {
      return icmpType(frame) == Icmpv6Header.UNREACHABLE;
    }
    return icmpType(frame) == IcmpHeader.UNREACHABLE
        && IcmpHeader.code(frame.memory(), frame.transport()) != IcmpHeader.TOO_BIG;
  }

  private static int icmpType(FrameView frame) {
    return IcmpHeader.type(frame.memory(), frame.transport()); // at the same place in both
  }

  /** Whether the station can be an end of such a frame. */
  static boolean has(Station station, FrameView frame) {
    return !frame.isIpv6() || station.hasIpv6();
  }

  /** Makes the station the frame's source. */
  static void source(FrameView frame, boolean partial, Station station) {
    if (frame.isIpv6()) {
      AddressRewriter.source(frame, partial, station.mac(), station.ipv6High(), station.ipv6Low());
    } else {
      AddressRewriter.source(frame, partial, station.mac(), station.ip());
    }
  }

  /** Makes the station the frame's destination. */
  static void destination(FrameView frame, boolean partial, Station station) {
    if (frame.isIpv6()) {
      AddressRewriter.destination(
          frame, partial, station.mac(), station.ipv6High(), station.ipv6Low());
    } else {
      AddressRewriter.destination(frame, partial, station.mac(), station.ip());
    }
  }

  /** Quotes the packet as one between these two. */
  static void readdress(FrameView frame, QuotedPacket quoted, Station source, Station destination) {
    if (frame.isIpv6()) {
      quoted.source(source.ipv6High(), source.ipv6Low());
      quoted.destination(destination.ipv6High(), destination.ipv6Low());
    } else {
      quoted.readdress(source.ip(), destination.ip());
    }
  }
}
