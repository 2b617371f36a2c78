package io.meshd.dataplane.offload;

import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.InternetChecksum;
import io.meshd.dataplane.wire.Ipv4Header;
import io.meshd.dataplane.wire.TcpHeader;
import java.lang.foreign.MemorySegment;

/**
 * Cuts a TSO frame into frames of the wire. The payload stays where it is; only headers are
 * written, each from the frame's own as template with total length, identification, sequence, flags
 * and both checksums of its segment. As the kernel does: identification counts up, FIN and PSH are
 * on the last segment only, CWR on the first only (RFC 3168 section 6.1.2).
 *
 * <p>One per loop. {@link #begin} borrows the frame, unchanged, until the next {@code begin}.
 */
public final class TcpSegmenter {
  private MemorySegment frame = MemorySegment.NULL;
  private long at;
  private int headersLength;
  private int ipHeaderLength;
  private int tcpHeaderLength;
  private int payload;
  private int segmentSize;
  private int count;
  private int identification;
  private int sequence;
  private int flags;

  /** Sum of the IPv4 header without total length, identification and checksum. */
  private long ipSum;

  /** Sum of pseudo and TCP header without length, sequence, flags and checksum. */
  private long tcpSum;

  /**
   * @param view an unfragmented frame with a TCP header
   * @param segmentSize payload bytes per segment, at least 1
   * @return the number of segments, at least 1
   */
  public int begin(FrameView view, int segmentSize) {
    frame = view.memory();
    at = view.at();
    headersLength = view.tcpHeadersLength();
    ipHeaderLength = view.ipHeaderLength();
    tcpHeaderLength = view.tcpHeaderLength();
    this.segmentSize = segmentSize;
    long ip = view.network();
    int total = Ipv4Header.totalLength(frame, ip);
    payload = total - ipHeaderLength - tcpHeaderLength;
    count = Math.max(1, (payload + segmentSize - 1) / segmentSize);
    identification = Ipv4Header.identification(frame, ip);
    ipSum =
        InternetChecksum.add(0, frame, ip, ipHeaderLength)
            - InternetChecksum.ofField(total)
            - InternetChecksum.ofField(identification)
            - InternetChecksum.ofField(Ipv4Header.checksum(frame, ip));
    long tcp = view.transport();
    sequence = TcpHeader.sequence(frame, tcp);
    flags = TcpHeader.flags(frame, tcp);
    tcpSum =
        InternetChecksum.ofPseudoHeader(frame, ip, Ipv4Header.PROTOCOL_TCP, 0)
            + InternetChecksum.add(0, frame, tcp, tcpHeaderLength)
            - InternetChecksum.ofWord(sequence)
            - InternetChecksum.ofField(flags)
            - InternetChecksum.ofField(TcpHeader.checksum(frame, tcp));
    return count;
  }

  /** Ethernet, IPv4 and TCP header of every segment together. */
  public int headersLength() {
    return headersLength;
  }

  /** Where the payload of a segment lies in the frame's memory. */
  public long payloadAt(int segment) {
    return at + headersLength + (long) segment * segmentSize;
  }

  public int payloadLength(int segment) {
    return Math.min(segmentSize, payload - segment * segmentSize);
  }

  /** Writes the {@link #headersLength} bytes of headers of a segment. */
  public void writeHeaders(int segment, MemorySegment to, long toAt) {
    MemorySegment.copy(frame, at, to, toAt, headersLength);
    int length = payloadLength(segment);
    long ip = toAt + EthernetHeader.LENGTH;
    int total = ipHeaderLength + tcpHeaderLength + length;
    int id = identification + segment;
    Ipv4Header.totalLength(to, ip, total);
    Ipv4Header.identification(to, ip, id);
    Ipv4Header.storeChecksum(
        to, ip, ipSum + InternetChecksum.ofField(total) + InternetChecksum.ofField(id));

    long tcp = ip + ipHeaderLength;
    int at0 = sequence + segment * segmentSize;
    int own = flags;
    if (segment < count - 1) {
      own &= ~(TcpHeader.FIN | TcpHeader.PSH);
    }
    if (segment > 0) {
      own &= ~TcpHeader.CWR;
    }
    TcpHeader.sequence(to, tcp, at0);
    TcpHeader.flags(to, tcp, own);
    long sum =
        tcpSum
            + InternetChecksum.ofWord(at0)
            + InternetChecksum.ofField(own)
            + InternetChecksum.ofField(tcpHeaderLength + length);
    TcpHeader.storeChecksum(to, tcp, InternetChecksum.add(sum, frame, payloadAt(segment), length));
  }
}
