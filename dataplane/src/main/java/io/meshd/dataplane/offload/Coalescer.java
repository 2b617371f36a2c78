package io.meshd.dataplane.offload;

import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.InternetChecksum;
import io.meshd.dataplane.wire.Ipv4Header;
import io.meshd.dataplane.wire.Ipv6Header;
import io.meshd.dataplane.wire.NetworkOrder;
import io.meshd.dataplane.wire.TcpHeader;
import io.meshd.dataplane.wire.UdpHeader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Joins consecutive received frames of one flow of TCP or UDP, over IPv4 without options or IPv6
 * without extension headers, into one large frame, as GRO does. A run takes only frames that {@link
 * Segmenter} would cut out of the joined one again: same headers but for length, identification
 * (which counts up, unless DF makes it meaningless), sequence (which follows), PSH on the last, and
 * a shorter payload on the last. The inner checksum of each is verified before it joins, for nobody
 * looks at it afterwards; a partial one ({@link FrameView#hasPartialChecksum}) passes. Datagrams
 * without checksum are not joined, as cutting would give them one.
 *
 * <p>One per loop. Frames are borrowed from {@link #begin} until the next {@code begin}; all lie in
 * one memory and are not copied.
 */
public final class Coalescer {
  /** Frames of one run; with the header's own entry an iovec array of 64 or so. */
  public static final int MAX_SEGMENTS = 64;

  private static final int MAX_TOTAL_LENGTH = 65_535;
  private static final int NETWORK = EthernetHeader.LENGTH;
  private static final ValueLayout.OfLong WORD8 = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfInt WORD4 = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfShort WORD2 = ValueLayout.JAVA_SHORT_UNALIGNED;

  private final long[] payloadAt = new long[MAX_SEGMENTS];
  private final int[] payloadLength = new int[MAX_SEGMENTS];
  private MemorySegment memory = MemorySegment.NULL;
  private long first;
  private boolean ipv6;
  private boolean tcp;
  private int transport;
  private int headersLength;
  private int segmentSize;
  private int count;
  private int payload;
  private int nextSequence;
  private int identification;
  private int lastFlags;
  private boolean full;

  /**
   * Starts a run with this frame.
   *
   * @return false when it cannot start one: not plain TCP or UDP with data, or its checksum is
   *     wrong
   */
  public boolean begin(FrameView view) {
    count = 0;
    ipv6 = view.isIpv6();
    tcp = view.hasTcpHeader();
    if (!view.hasPorts()
        || view.isFragment()
        || view.ipHeaderLength() != (ipv6 ? Ipv6Header.LENGTH : Ipv4Header.MIN_LENGTH)) {
      return false;
    }
    memory = view.memory();
    first = view.at();
    transport = NETWORK + view.ipHeaderLength();
    headersLength = view.headersLength();
    int length = NETWORK + view.ipLength() - headersLength;
    if (length <= 0 || !transportJoins(first, length) || !checksumsVerify(first, length)) {
      return false;
    }
    segmentSize = length;
    payload = 0;
    if (!ipv6) {
      identification = Ipv4Header.identification(memory, first + NETWORK);
    }
    if (tcp) {
      nextSequence = TcpHeader.sequence(memory, first + transport);
    }
    take(first, length);
    return true;
  }

  /**
   * Joins a frame to the run.
   *
   * @param at where its Ethernet header begins in the memory of the first frame
   * @param length its bytes; nothing of it has been checked before
   * @return false when it does not belong to the run, which is then over
   */
  public boolean append(long at, int length) {
    if (full || count == MAX_SEGMENTS || length <= headersLength || !sameHeaders(at)) {
      return false;
    }
    long ip = at + NETWORK;
    int end =
        NETWORK
            + (ipv6
                ? Ipv6Header.LENGTH + Ipv6Header.payloadLength(memory, ip)
                : Ipv4Header.totalLength(memory, ip));
    int data = end - headersLength;
    if (end > length
        || data <= 0
        || data > segmentSize
        || headersLength - NETWORK + payload + data > MAX_TOTAL_LENGTH
        || !transportJoins(at, data)
        || (tcp && TcpHeader.sequence(memory, at + transport) != nextSequence)
        || !identificationFollows(ip)
        || !checksumsVerify(at, data)) {
      return false;
    }
    take(at, data);
    return true;
  }

  public int segments() {
    return count;
  }

  /** Payload bytes of each segment but the last: virtio's gso_size. */
  public int segmentSize() {
    return segmentSize;
  }

  public long payloadAt(int segment) {
    return payloadAt[segment];
  }

  public int payloadLength(int segment) {
    return payloadLength[segment];
  }

  public boolean isIpv6() {
    return ipv6;
  }

  /** TCP; otherwise UDP. */
  public boolean isTcp() {
    return tcp;
  }

  /** Ethernet, IP and transport header of the joined frame together: virtio's hdr_len. */
  public int headersLength() {
    return headersLength;
  }

  /** Where checksumming begins in the joined frame: virtio's csum_start. */
  public int transportOffset() {
    return transport;
  }

  /** From there to the checksum: virtio's csum_offset. */
  public int checksumOffset() {
    return tcp ? TcpHeader.CHECKSUM_OFFSET : UdpHeader.CHECKSUM_OFFSET;
  }

  /**
   * Writes the headers of the joined frame, with the transport checksum left partial (virtio's
   * NEEDS_CSUM): the first frame's as they are now, so that a rewritten MAC address is in it.
   */
  public void writeHeaders(MemorySegment to, long toAt) {
    MemorySegment.copy(memory, first, to, toAt, headersLength);
    long ip = toAt + NETWORK;
    int length = headersLength - transport + payload;
    if (ipv6) {
      Ipv6Header.payloadLength(to, ip, length);
    } else {
      Ipv4Header.totalLength(to, ip, Ipv4Header.MIN_LENGTH + length);
      Ipv4Header.updateChecksum(to, ip, Ipv4Header.MIN_LENGTH);
    }
    long pseudo = pseudoHeader(to, ip, length);
    if (tcp) {
      TcpHeader.flags(to, toAt + transport, lastFlags);
      TcpHeader.storePartialChecksum(to, toAt + transport, pseudo);
    } else {
      UdpHeader.length(to, toAt + transport, length);
      UdpHeader.storePartialChecksum(to, toAt + transport, pseudo);
    }
  }

  private void take(long at, int data) {
    payloadAt[count] = at + headersLength;
    payloadLength[count] = data;
    count++;
    payload += data;
    full = data < segmentSize;
    if (tcp) {
      nextSequence += data;
      lastFlags = TcpHeader.flags(memory, at + transport);
      full |= (lastFlags & TcpHeader.PSH) != 0;
    }
  }

  /** Whether the transport header says nothing that its receiver has to see by itself. */
  private boolean transportJoins(long at, int data) {
    long header = at + transport;
    return tcp
        ? (TcpHeader.flags(memory, header) & ~TcpHeader.PSH) == TcpHeader.ACK
        : UdpHeader.length(memory, header) == UdpHeader.LENGTH + data
            && UdpHeader.checksum(memory, header) != 0;
  }

  private boolean identificationFollows(long ip) {
    return ipv6
        || (Ipv4Header.fragment(memory, ip) & Ipv4Header.DONT_FRAGMENT) != 0
        || Ipv4Header.identification(memory, ip) == (identification + count & 0xffff);
  }

  private boolean checksumsVerify(long at, int data) {
    long ip = at + NETWORK;
    long header = at + transport;
    int length = headersLength - transport + data;
    if (!ipv6
        && !InternetChecksum.verifies(InternetChecksum.add(0, memory, ip, Ipv4Header.MIN_LENGTH))) {
      return false;
    }
    long pseudo = pseudoHeader(memory, ip, length);
    return InternetChecksum.isPartial(memory, header + checksumOffset(), pseudo)
        || InternetChecksum.verifies(InternetChecksum.add(pseudo, memory, header, length));
  }

  private long pseudoHeader(MemorySegment m, long ip, int length) {
    int protocol = tcp ? Ipv4Header.PROTOCOL_TCP : Ipv4Header.PROTOCOL_UDP;
    return ipv6
        ? InternetChecksum.ofPseudoHeader6(m, ip, protocol, length)
        : InternetChecksum.ofPseudoHeader(m, ip, protocol, length);
  }

  /** Compares with the first frame all that segments of one frame have in common. */
  private boolean sameHeaders(long at) {
    return same8(at, 0) // MAC addresses, EtherType, version, and IHL and type of service
        && same8(at, 8) // or the begin of traffic class and flow label
        && (ipv6 ? sameIpv6(at) : sameIpv4(at))
        && same4(at, transport) // ports
        && (!tcp || sameTcp(at, transport));
  }

  private boolean sameIpv4(long at) {
    return same4(at, NETWORK + 6) // flags, fragment offset, time to live, protocol
        && same8(at, NETWORK + 12); // addresses
  }

  private boolean sameIpv6(long at) {
    return same2(at, NETWORK + 2) // the rest of the flow label
        && same2(at, NETWORK + 6) // next header, hop limit
        && same8(at, NETWORK + 8) // addresses
        && same8(at, NETWORK + 16)
        && same8(at, NETWORK + 24)
        && same8(at, NETWORK + 32);
  }

  private boolean sameTcp(long at, int tcp) {
    return same4(at, tcp + 8) // acknowledgment
        && NetworkOrder.u8(memory, at + tcp + 12)
            == NetworkOrder.u8(memory, first + tcp + 12) // data offset
        && same2(at, tcp + 14) // window
        && same2(at, tcp + 18) // urgent pointer
        && sameOptions(at);
  }

  private boolean sameOptions(long at) {
    for (int i = transport + TcpHeader.MIN_LENGTH; i < headersLength; i += 4) {
      if (!same4(at, i)) {
        return false;
      }
    }
    return true;
  }

  private boolean same8(long at, long offset) {
    return memory.get(WORD8, at + offset) == memory.get(WORD8, first + offset);
  }

  private boolean same4(long at, long offset) {
    return memory.get(WORD4, at + offset) == memory.get(WORD4, first + offset);
  }

  private boolean same2(long at, long offset) {
    return memory.get(WORD2, at + offset) == memory.get(WORD2, first + offset);
  }
}
