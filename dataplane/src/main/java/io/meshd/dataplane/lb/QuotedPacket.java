package io.meshd.dataplane.lb;

import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.IcmpHeader;
import io.meshd.dataplane.wire.Icmpv6Header;
import io.meshd.dataplane.wire.InternetChecksum;
import io.meshd.dataplane.wire.Ipv4Header;
import io.meshd.dataplane.wire.Ipv6Header;
import io.meshd.dataplane.wire.NetworkOrder;
import io.meshd.dataplane.wire.TcpHeader;
import io.meshd.dataplane.wire.UdpHeader;
import java.lang.foreign.MemorySegment;

/**
 * The begin of a packet as an ICMP or ICMPv6 error quotes it (RFC 792, RFC 4443; RFC 5508 section
 * 4.2 for translating it), of IPv6 without extension headers. One per loop; borrows the frame until
 * the next {@link #parse}.
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
  private boolean ipv6;
  private long outer;

  /**
   * @param frame an ICMP error, whole
   * @return false when it quotes no begin of a TCP or UDP packet, or its checksum is wrong
   */
  public boolean parse(FrameView frame) {
    m = frame.memory();
    ipv6 = frame.isIpv6();
    outer = frame.network();
    icmp = frame.transport();
    icmpLength = frame.ipLength() - frame.ipHeaderLength();
    ip = icmp + IcmpHeader.LENGTH; // an ICMPv6 error's is as long
    int quoted = icmpLength - IcmpHeader.LENGTH;
    int header = ipv6 ? ipv6HeaderLength(quoted) : ipv4HeaderLength(quoted);
    transport = ip + header;
    quotedData = quoted - header;
    return header != 0
        && quotedData >= LEAST_DATA
        && (protocol() == Ipv4Header.PROTOCOL_TCP || protocol() == Ipv4Header.PROTOCOL_UDP)
        && (ipv6
            ? Icmpv6Header.checksumVerifies(m, outer, icmp, icmpLength)
            : IcmpHeader.checksumVerifies(m, icmp, icmpLength));
  }

  /** 0 where it is no header, or one of a later fragment. */
  private int ipv4HeaderLength(int quoted) {
    if (quoted < Ipv4Header.MIN_LENGTH || Ipv4Header.version(m, ip) != 4) {
      return 0;
    }
    int header = Ipv4Header.headerLength(m, ip);
    boolean good =
        header >= Ipv4Header.MIN_LENGTH
            && quoted >= header
            && (Ipv4Header.fragment(m, ip) & FRAGMENT_OFFSET_BITS) == 0;
    return good ? header : 0;
  }

  private int ipv6HeaderLength(int quoted) {
    boolean good = quoted >= Ipv6Header.LENGTH && Ipv6Header.version(m, ip) == 6;
    return good ? Ipv6Header.LENGTH : 0;
  }

  public int protocol() {
    return ipv6 ? Ipv6Header.nextHeader(m, ip) : Ipv4Header.protocol(m, ip);
  }

  /** Of a packet of IPv6. */
  public long sourceHigh() {
    return Ipv6Header.sourceHigh(m, ip);
  }

  public long sourceLow() {
    return Ipv6Header.sourceLow(m, ip);
  }

  public long destinationHigh() {
    return Ipv6Header.destinationHigh(m, ip);
  }

  public long destinationLow() {
    return Ipv6Header.destinationLow(m, ip);
  }

  /** Of a packet of IPv4. */
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

  /** Quotes the packet of IPv6 with another source. */
  public void source(long high, long low) {
    followIpv6(sourceHigh(), sourceLow(), high, low);
    Ipv6Header.source(m, ip, high, low);
    Icmpv6Header.updateChecksum(m, outer, icmp, icmpLength);
  }

  /** Quotes the packet of IPv6 with another destination. */
  public void destination(long high, long low) {
    followIpv6(destinationHigh(), destinationLow(), high, low);
    Ipv6Header.destination(m, ip, high, low);
    Icmpv6Header.updateChecksum(m, outer, icmp, icmpLength);
  }

  private void followIpv6(long oldHigh, long oldLow, long high, long low) {
    followTransport(InternetChecksum.change(oldHigh, oldLow, high, low));
  }

  /** Quotes the packet of IPv4 with other addresses. */
  public void readdress(int source, int destination) {
    follow(source(), source);
    Ipv4Header.source(m, ip, source);
    follow(destination(), destination);
    Ipv4Header.destination(m, ip, destination);
    IcmpHeader.updateChecksum(m, icmp, icmpLength);
  }

  private void follow(int old, int now) {
    InternetChecksum.replace(m, ip + Ipv4Header.CHECKSUM_OFFSET, old, now);
    followTransport(InternetChecksum.change(old, now));
  }

  private void followTransport(long change) {
    if (protocol() == Ipv4Header.PROTOCOL_UDP) {
      if (UdpHeader.checksum(m, transport) != 0) {
        InternetChecksum.follow(m, transport + UdpHeader.CHECKSUM_OFFSET, change);
      }
    } else if (quotedData >= TcpHeader.CHECKSUM_OFFSET + 2) {
      InternetChecksum.follow(m, transport + TcpHeader.CHECKSUM_OFFSET, change);
    }
  }
}
