package io.meshd.dataplane.lb;

import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.Icmpv6Header;
import io.meshd.dataplane.wire.InternetChecksum;
import io.meshd.dataplane.wire.Ipv4Header;
import io.meshd.dataplane.wire.Ipv6Header;
import io.meshd.dataplane.wire.TcpHeader;
import io.meshd.dataplane.wire.UdpHeader;
import java.lang.foreign.MemorySegment;

/**
 * Changes addresses in a frame; its checksums follow by what changed alone (RFC 1624), whatever the
 * length of the frame and also where a device or segmentation is still to complete them. A wrong
 * checksum stays wrong.
 */
public final class AddressRewriter {
  private AddressRewriter() {}

  /**
   * @param partial whether the TCP or UDP checksum is only the pseudo header's sum (virtio's
   *     NEEDS_CSUM)
   */
  public static void source(FrameView frame, boolean partial, long mac, int ip) {
    MemorySegment m = frame.memory();
    EthernetHeader.source(m, frame.at(), mac);
    int old = Ipv4Header.source(m, frame.network());
    Ipv4Header.source(m, frame.network(), ip);
    followIpv4(frame, partial, old, ip);
  }

  /** As {@link #source}, of a frame that goes to another one. */
  public static void destination(FrameView frame, boolean partial, long mac, int ip) {
    MemorySegment m = frame.memory();
    EthernetHeader.destination(m, frame.at(), mac);
    int old = Ipv4Header.destination(m, frame.network());
    Ipv4Header.destination(m, frame.network(), ip);
    followIpv4(frame, partial, old, ip);
  }

  /**
   * The source of whole frames joined to one.
   *
   * @param checksum where its partial TCP or UDP checksum is, from the frame's begin
   */
  public static void sourceOfJoined(MemorySegment m, long at, int checksum, long mac, int ip) {
    long network = at + EthernetHeader.LENGTH;
    EthernetHeader.source(m, at, mac);
    int old = Ipv4Header.source(m, network);
    Ipv4Header.source(m, network, ip);
    InternetChecksum.replace(m, network + Ipv4Header.CHECKSUM_OFFSET, old, ip);
    InternetChecksum.replacePartial(m, at + checksum, old, ip);
  }

  /** As {@link #source(FrameView, boolean, long, int)}, over IPv6. */
  public static void source(FrameView frame, boolean partial, long mac, long high, long low) {
    MemorySegment m = frame.memory();
    long ip = frame.network();
    EthernetHeader.source(m, frame.at(), mac);
    long change =
        InternetChecksum.change(
            Ipv6Header.sourceHigh(m, ip), Ipv6Header.sourceLow(m, ip), high, low);
    Ipv6Header.source(m, ip, high, low);
    follow(frame, partial, change);
  }

  /** As {@link #destination(FrameView, boolean, long, int)}, over IPv6. */
  public static void destination(FrameView frame, boolean partial, long mac, long high, long low) {
    MemorySegment m = frame.memory();
    long ip = frame.network();
    EthernetHeader.destination(m, frame.at(), mac);
    long change =
        InternetChecksum.change(
            Ipv6Header.destinationHigh(m, ip), Ipv6Header.destinationLow(m, ip), high, low);
    Ipv6Header.destination(m, ip, high, low);
    follow(frame, partial, change);
  }

  /** As {@link #sourceOfJoined(MemorySegment, long, int, long, int)}, over IPv6. */
  public static void sourceOfJoined(
      MemorySegment m, long at, int checksum, long mac, long high, long low) {
    long ip = at + EthernetHeader.LENGTH;
    EthernetHeader.source(m, at, mac);
    long change =
        InternetChecksum.change(
            Ipv6Header.sourceHigh(m, ip), Ipv6Header.sourceLow(m, ip), high, low);
    Ipv6Header.source(m, ip, high, low);
    InternetChecksum.followPartial(m, at + checksum, change);
  }

  private static void followIpv4(FrameView frame, boolean partial, int old, int ip) {
    InternetChecksum.replace(frame.memory(), frame.network() + Ipv4Header.CHECKSUM_OFFSET, old, ip);
    follow(frame, partial, InternetChecksum.change(old, ip));
  }

  private static void follow(FrameView frame, boolean partial, long change) {
    if (!frame.isFirstFragment()) {
      return;
    }
    MemorySegment m = frame.memory();
    long transport = frame.transport();
    if (frame.hasTcpHeader()) {
      follow(m, transport + TcpHeader.CHECKSUM_OFFSET, partial, change);
    } else if (frame.protocol() == Ipv4Header.PROTOCOL_UDP) {
      udp(m, transport, partial, change);
    } else if (frame.isIpv6() && frame.protocol() == Ipv6Header.PROTOCOL_ICMPV6) {
      InternetChecksum.follow(m, transport + Icmpv6Header.CHECKSUM_OFFSET, change);
    }
  }

  /** Zero stays zero: no checksum was taken; a checksum that comes to zero has two forms. */
  private static void udp(MemorySegment m, long transport, boolean partial, long change) {
    if (!partial && UdpHeader.checksum(m, transport) == 0) {
      return;
    }
    follow(m, transport + UdpHeader.CHECKSUM_OFFSET, partial, change);
    if (!partial && UdpHeader.checksum(m, transport) == 0) {
      UdpHeader.checksum(m, transport, 0xffff);
    }
  }

  private static void follow(MemorySegment m, long at, boolean partial, long change) {
    if (partial) {
      InternetChecksum.followPartial(m, at, change);
    } else {
      InternetChecksum.follow(m, at, change);
    }
  }
}
