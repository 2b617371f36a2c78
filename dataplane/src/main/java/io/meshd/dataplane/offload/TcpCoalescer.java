package io.meshd.dataplane.offload;

import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.InternetChecksum;
import io.meshd.dataplane.wire.Ipv4Header;
import io.meshd.dataplane.wire.NetworkOrder;
import io.meshd.dataplane.wire.TcpHeader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Joins consecutive received frames of one TCP flow into one large frame, as GRO does. A run takes
 * only frames that {@link TcpSegmenter} would cut out of the joined one again: same headers but for
 * length, identification (which counts up, unless DF makes it meaningless), sequence (which
 * follows), PSH on the last, and a shorter payload on the last. The inner checksum of each is
 * verified before it joins, for nobody looks at it afterwards; a partial one ({@link
 * FrameView#hasPartialChecksum}) passes.
 *
 * <p>One per loop. Frames are borrowed from {@link #begin} until the next {@code begin}; all lie in
 * one memory and are not copied.
 */
public final class TcpCoalescer {
  /** Frames of one run; with the header's own entry an iovec array of 64 or so. */
  public static final int MAX_SEGMENTS = 64;

  private static final int MAX_TOTAL_LENGTH = 65_535;
  private static final int IPV4_LENGTH = Ipv4Header.MIN_LENGTH;
  private static final int NETWORK = EthernetHeader.LENGTH;
  private static final int TRANSPORT = NETWORK + IPV4_LENGTH;
  private static final ValueLayout.OfLong WORD8 = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfInt WORD4 = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfShort WORD2 = ValueLayout.JAVA_SHORT_UNALIGNED;

  private final long[] payloadAt = new long[MAX_SEGMENTS];
  private final int[] payloadLength = new int[MAX_SEGMENTS];
  private MemorySegment memory = MemorySegment.NULL;
  private long first;
  private int tcpHeaderLength;
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
   * @return false when it cannot start one: not plain TCP with data, or its checksum is wrong
   */
  public boolean begin(FrameView view) {
    count = 0;
    if (!view.hasTcpHeader() || view.ipHeaderLength() != IPV4_LENGTH) {
      return false;
    }
    memory = view.memory();
    first = view.at();
    tcpHeaderLength = view.tcpHeaderLength();
    long ip = first + NETWORK;
    int length = Ipv4Header.totalLength(memory, ip) - IPV4_LENGTH - tcpHeaderLength;
    int flags = TcpHeader.flags(memory, first + TRANSPORT);
    if (length <= 0
        || (flags & ~TcpHeader.PSH) != TcpHeader.ACK
        || (Ipv4Header.fragment(memory, ip) & ~Ipv4Header.DONT_FRAGMENT) != 0
        || !checksumsVerify(first, length)) {
      return false;
    }
    segmentSize = length;
    identification = Ipv4Header.identification(memory, ip);
    nextSequence = TcpHeader.sequence(memory, first + TRANSPORT);
    payload = 0;
    take(first, length, flags);
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
    int headers = TRANSPORT + tcpHeaderLength;
    if (full || count == MAX_SEGMENTS || length <= headers || !sameHeaders(at)) {
      return false;
    }
    int total = Ipv4Header.totalLength(memory, at + NETWORK);
    int data = total - IPV4_LENGTH - tcpHeaderLength;
    int flags = TcpHeader.flags(memory, at + TRANSPORT);
    if (total + NETWORK > length
        || data <= 0
        || data > segmentSize
        || IPV4_LENGTH + tcpHeaderLength + payload + data > MAX_TOTAL_LENGTH
        || (flags & ~TcpHeader.PSH) != TcpHeader.ACK
        || TcpHeader.sequence(memory, at + TRANSPORT) != nextSequence
        || !identificationFollows(at)
        || !checksumsVerify(at, data)) {
      return false;
    }
    take(at, data, flags);
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

  /** Ethernet, IPv4 and TCP header of the joined frame together: virtio's hdr_len. */
  public int headersLength() {
    return TRANSPORT + tcpHeaderLength;
  }

  /** Where checksumming begins in the joined frame: virtio's csum_start. */
  public int transportOffset() {
    return TRANSPORT;
  }

  /**
   * Writes the headers of the joined frame, with the TCP checksum left partial (virtio's
   * NEEDS_CSUM): the first frame's as they are now, so that a rewritten MAC address is in it.
   */
  public void writeHeaders(MemorySegment to, long toAt) {
    MemorySegment.copy(memory, first, to, toAt, headersLength());
    long ip = toAt + NETWORK;
    int tcpLength = tcpHeaderLength + payload;
    Ipv4Header.totalLength(to, ip, IPV4_LENGTH + tcpLength);
    Ipv4Header.updateChecksum(to, ip, IPV4_LENGTH);
    TcpHeader.flags(to, toAt + TRANSPORT, lastFlags);
    TcpHeader.storePartialChecksum(
        to,
        toAt + TRANSPORT,
        InternetChecksum.ofPseudoHeader(to, ip, Ipv4Header.PROTOCOL_TCP, tcpLength));
  }

  private void take(long at, int data, int flags) {
    payloadAt[count] = at + headersLength();
    payloadLength[count] = data;
    count++;
    payload += data;
    nextSequence += data;
    lastFlags = flags;
    full = data < segmentSize || (flags & TcpHeader.PSH) != 0;
  }

  private boolean identificationFollows(long at) {
    long ip = at + NETWORK;
    return (Ipv4Header.fragment(memory, ip) & Ipv4Header.DONT_FRAGMENT) != 0
        || Ipv4Header.identification(memory, ip) == (identification + count & 0xffff);
  }

  private boolean checksumsVerify(long at, int data) {
    long ip = at + NETWORK;
    long tcp = at + TRANSPORT;
    int tcpLength = tcpHeaderLength + data;
    long pseudo = InternetChecksum.ofPseudoHeader(memory, ip, Ipv4Header.PROTOCOL_TCP, tcpLength);
    return InternetChecksum.verifies(InternetChecksum.add(0, memory, ip, IPV4_LENGTH))
        && (InternetChecksum.isPartial(memory, tcp + TcpHeader.CHECKSUM_OFFSET, pseudo)
            || InternetChecksum.verifies(InternetChecksum.add(pseudo, memory, tcp, tcpLength)));
  }

  /** Compares with the first frame all that segments of one frame have in common. */
  private boolean sameHeaders(long at) {
    return same8(at, 0) // MAC addresses, EtherType, version, IHL, type of service
        && same8(at, 8)
        && same4(at, NETWORK + 6) // flags, fragment offset, time to live, protocol
        && same8(at, NETWORK + 12) // addresses
        && same4(at, TRANSPORT) // ports
        && same4(at, TRANSPORT + 8) // acknowledgment
        && NetworkOrder.u8(memory, at + TRANSPORT + 12)
            == NetworkOrder.u8(memory, first + TRANSPORT + 12) // data offset
        && memory.get(WORD2, at + TRANSPORT + 14)
            == memory.get(WORD2, first + TRANSPORT + 14) // window
        && memory.get(WORD2, at + TRANSPORT + 18)
            == memory.get(WORD2, first + TRANSPORT + 18) // urgent pointer
        && sameOptions(at);
  }

  private boolean sameOptions(long at) {
    for (int i = TcpHeader.MIN_LENGTH; i < tcpHeaderLength; i += 4) {
      if (!same4(at, TRANSPORT + i)) {
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
}
