package io.meshd.dataplane.lb;

import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.IcmpHeader;
import io.meshd.dataplane.wire.InternetChecksum;
import io.meshd.dataplane.wire.Ipv4Header;
import io.meshd.dataplane.wire.NetworkOrder;
import io.meshd.dataplane.wire.TcpHeader;
import io.meshd.dataplane.wire.UdpHeader;
import java.lang.foreign.MemorySegment;

/**
 * The begin of a packet as an ICMP error quotes it (RFC 792; RFC 5508 section 4.2 for translating
 * it). One per loop; borrows the frame until the next {@link #parse}.
 */
public final class QuotedPacket {
  private static final int LEAST_DATA = 8;
  private static final int FRAGMENT_OFFSET_BITS = 0x1fff;

  private MemorySegment m = MemorySegment.NULL;
  private long icmp;
  private int icmpLength;
  private long ip;
  private long transport;
  private int quotedData;

  /**
   * @param frame an ICMP error, whole
   * @return false when it quotes no begin of a TCP or UDP packet, or its checksum is wrong
   */
  public boolean parse(FrameView frame) {
    m = frame.memory();
    icmp = frame.transport();
    icmpLength = Ipv4Header.totalLength(m, frame.network()) - frame.ipHeaderLength();
    ip = icmp + IcmpHeader.LENGTH;
    int quoted = icmpLength - IcmpHeader.LENGTH;
    if (quoted < Ipv4Header.MIN_LENGTH || Ipv4Header.version(m, ip) != 4) {
      return false;
    }
    int header = Ipv4Header.headerLength(m, ip);
    transport = ip + header;
    quotedData = quoted - header;
    return header >= Ipv4Header.MIN_LENGTH
        && quotedData >= LEAST_DATA
        && (Ipv4Header.fragment(m, ip) & FRAGMENT_OFFSET_BITS) == 0
        && (protocol() == Ipv4Header.PROTOCOL_TCP || protocol() == Ipv4Header.PROTOCOL_UDP)
        && IcmpHeader.checksumVerifies(m, icmp, icmpLength);
  }

  public int protocol() {
    return Ipv4Header.protocol(m, ip);
  }

  public int source() {
    return Ipv4Header.source(m, ip);
  }

  public int destination() {
    return Ipv4Header.destination(m, ip);
  }

  /** Source port above destination port. */
  public int ports() {
    return NetworkOrder.i32(m, transport);
  }

  /** Quotes the packet with other addresses. */
  public void readdress(int source, int destination) {
    follow(source(), source);
    Ipv4Header.source(m, ip, source);
    follow(destination(), destination);
    Ipv4Header.destination(m, ip, destination);
    IcmpHeader.updateChecksum(m, icmp, icmpLength);
  }

  private void follow(int old, int now) {
    InternetChecksum.replace(m, ip + Ipv4Header.CHECKSUM_OFFSET, old, now);
    if (protocol() == Ipv4Header.PROTOCOL_UDP) {
      if (UdpHeader.checksum(m, transport) != 0) {
        InternetChecksum.replace(m, transport + UdpHeader.CHECKSUM_OFFSET, old, now);
      }
    } else if (quotedData >= TcpHeader.CHECKSUM_OFFSET + 2) {
      InternetChecksum.replace(m, transport + TcpHeader.CHECKSUM_OFFSET, old, now);
    }
  }
}
