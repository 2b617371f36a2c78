package io.meshd.dataplane.lb;

import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.InternetChecksum;
import io.meshd.dataplane.wire.Ipv4Header;
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
    follow(frame, partial, old, ip);
  }

  /** As {@link #source}, of a frame that goes to another one. */
  public static void destination(FrameView frame, boolean partial, long mac, int ip) {
    MemorySegment m = frame.memory();
    EthernetHeader.destination(m, frame.at(), mac);
    int old = Ipv4Header.destination(m, frame.network());
    Ipv4Header.destination(m, frame.network(), ip);
    follow(frame, partial, old, ip);
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

  private static void follow(FrameView frame, boolean partial, int old, int ip) {
    MemorySegment m = frame.memory();
    InternetChecksum.replace(m, frame.network() + Ipv4Header.CHECKSUM_OFFSET, old, ip);
    if (!frame.isFirstFragment()) {
      return;
    }
    long transport = frame.transport();
    if (frame.hasTcpHeader()) {
      follow(m, transport + TcpHeader.CHECKSUM_OFFSET, partial, old, ip);
    } else if (frame.protocol() == Ipv4Header.PROTOCOL_UDP) {
      udp(m, transport, partial, old, ip);
    }
  }

  /** Zero stays zero: no checksum was taken; a checksum that comes to zero has two forms. */
  private static void udp(MemorySegment m, long transport, boolean partial, int old, int ip) {
    if (!partial && UdpHeader.checksum(m, transport) == 0) {
      return;
    }
    follow(m, transport + UdpHeader.CHECKSUM_OFFSET, partial, old, ip);
    if (!partial && UdpHeader.checksum(m, transport) == 0) {
      UdpHeader.checksum(m, transport, 0xffff);
    }
  }

  private static void follow(MemorySegment m, long at, boolean partial, int old, int ip) {
    if (partial) {
      InternetChecksum.replacePartial(m, at, old, ip);
    } else {
      InternetChecksum.replace(m, at, old, ip);
    }
  }
}
