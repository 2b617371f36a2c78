package io.meshd.dataplane.offload;

import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.InternetChecksum;
import io.meshd.dataplane.wire.Ipv4Header;
import io.meshd.dataplane.wire.Ipv6Header;
import io.meshd.dataplane.wire.TcpHeader;
import io.meshd.dataplane.wire.UdpHeader;
import java.lang.foreign.MemorySegment;

/**
 * Cuts a large frame of TCP (TSO) or UDP (USO), over IPv4 or IPv6, into frames of the wire. The
 * payload stays where it is; only headers are written, each from the frame's own as template with
 * lengths, identification, sequence, flags and checksums of its segment. As the kernel does:
 * identification counts up, FIN and PSH are on the last segment only, CWR on the first only (RFC
 * 3168 section 6.1.2), extension headers are on each.
 *
 * <p>One per loop. {@link #begin} borrows the frame, unchanged, until the next {@code begin}.
 */
public final class Segmenter implements Pieces {
  private MemorySegment frame = MemorySegment.NULL;
  private long at;
  private boolean ipv6;
  private boolean tcp;
  private int headersLength;
  private int ipHeaderLength;
  private int transportHeaderLength;
  private int payload;
  private int segmentSize;
  private int count;
  private int identification;
  private int sequence;
  private int flags;

  /** Sum of the IPv4 header without total length, identification and checksum. */
  private long ipSum;

  /** Sum of pseudo and transport header without lengths, sequence, flags and checksum. */
  private long transportSum;

  /**
   * @param view a frame that has ports, is no fragment and not source-routed
   * @param segmentSize payload bytes per segment, at least 1
   * @return the number of segments, at least 1
   */
  public int begin(FrameView view, int segmentSize) {
    frame = view.memory();
    at = view.at();
    ipv6 = view.isIpv6();
    tcp = view.hasTcpHeader();
    headersLength = view.headersLength();
    ipHeaderLength = view.ipHeaderLength();
    transportHeaderLength = headersLength - EthernetHeader.LENGTH - ipHeaderLength;
    this.segmentSize = segmentSize;
    payload = view.ipLength() - ipHeaderLength - transportHeaderLength;
    count = Math.max(1, (payload + segmentSize - 1) / segmentSize);
    long ip = view.network();
    if (!ipv6) {
      int total = Ipv4Header.totalLength(frame, ip);
      identification = Ipv4Header.identification(frame, ip);
      ipSum =
          InternetChecksum.add(0, frame, ip, ipHeaderLength)
              - InternetChecksum.ofField(total)
              - InternetChecksum.ofField(identification)
              - InternetChecksum.ofField(Ipv4Header.checksum(frame, ip));
    }
    long pseudo =
        ipv6
            ? InternetChecksum.ofPseudoHeader6(frame, ip, view.protocol(), 0)
            : InternetChecksum.ofPseudoHeader(frame, ip, view.protocol(), 0);
    long transport = view.transport();
    transportSum = pseudo + (tcp ? tcpSum(transport) : udpSum(transport));
    return count;
  }

  private long tcpSum(long tcp) {
    sequence = TcpHeader.sequence(frame, tcp);
    flags = TcpHeader.flags(frame, tcp);
    return InternetChecksum.add(0, frame, tcp, transportHeaderLength)
        - InternetChecksum.ofWord(sequence)
        - InternetChecksum.ofField(flags)
        - InternetChecksum.ofField(TcpHeader.checksum(frame, tcp));
  }

  private long udpSum(long udp) {
    return InternetChecksum.add(0, frame, udp, UdpHeader.LENGTH)
        - InternetChecksum.ofField(UdpHeader.length(frame, udp))
        - InternetChecksum.ofField(UdpHeader.checksum(frame, udp));
  }

  /** Ethernet, IP and transport header of every segment together. */
  @Override
  public int headersLength() {
    return headersLength;
  }

  @Override
  public long payloadAt(int segment) {
    return at + headersLength + (long) segment * segmentSize;
  }

  @Override
  public int payloadLength(int segment) {
    return Math.min(segmentSize, payload - segment * segmentSize);
  }

  @Override
  public void writeHeaders(int segment, MemorySegment to, long toAt) {
    MemorySegment.copy(frame, at, to, toAt, headersLength);
    int length = payloadLength(segment);
    long ip = toAt + EthernetHeader.LENGTH;
    int total = ipHeaderLength + transportHeaderLength + length;
    if (ipv6) {
      Ipv6Header.payloadLength(to, ip, total - Ipv6Header.LENGTH);
    } else {
      int id = identification + segment;
      Ipv4Header.totalLength(to, ip, total);
      Ipv4Header.identification(to, ip, id);
      Ipv4Header.storeChecksum(
          to, ip, ipSum + InternetChecksum.ofField(total) + InternetChecksum.ofField(id));
    }
    long transport = ip + ipHeaderLength;
    if (tcp) {
      writeTcp(segment, to, transport, length);
    } else {
      writeUdp(segment, to, transport, length);
    }
  }

  private void writeTcp(int segment, MemorySegment to, long tcp, int length) {
    int first = sequence + segment * segmentSize;
    int own = flags;
    if (segment < count - 1) {
      own &= ~(TcpHeader.FIN | TcpHeader.PSH);
    }
    if (segment > 0) {
      own &= ~TcpHeader.CWR;
    }
    TcpHeader.sequence(to, tcp, first);
    TcpHeader.flags(to, tcp, own);
    long sum =
        transportSum
            + InternetChecksum.ofWord(first)
            + InternetChecksum.ofField(own)
            + InternetChecksum.ofField(transportHeaderLength + length);
    TcpHeader.storeChecksum(to, tcp, InternetChecksum.add(sum, frame, payloadAt(segment), length));
  }

  private void writeUdp(int segment, MemorySegment to, long udp, int length) {
    int datagram = UdpHeader.LENGTH + length;
    UdpHeader.length(to, udp, datagram);
    // The length is in the pseudo header and in the header.
    long sum = transportSum + 2 * InternetChecksum.ofField(datagram);
    UdpHeader.storeChecksum(to, udp, InternetChecksum.add(sum, frame, payloadAt(segment), length));
  }
}
