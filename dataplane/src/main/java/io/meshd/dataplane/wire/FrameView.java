package io.meshd.dataplane.wire;

import java.lang.foreign.MemorySegment;

/**
 * A frame whose headers have been checked against its length: the one place where untrusted bytes
 * are measured. After {@link #parse} says {@link Verdict#OK}, every offset it offers lies inside
 * the frame. One per loop, reused; it borrows the memory until the next {@code parse}.
 */
public final class FrameView {

  /** What a frame is good for. */
  public enum Verdict {
    OK,
    /** Shorter than its headers, or they contradict each other. */
    MALFORMED,
    /** Neither IPv4 nor ARP. */
    UNSUPPORTED
  }

  private static final int FRAGMENT_OFFSET_BITS = 0x1fff;
  private static final int ICMP_HEADER = 8;
  private static final int ICMP_ECHO_REQUEST = 8;

  private MemorySegment memory = MemorySegment.NULL;
  private long at;
  private int length;
  private boolean arp;
  private int ipHeaderLength;
  private int protocol;
  private boolean firstFragment;
  private int tcpHeaderLength;

  /**
   * @param length of the frame in bytes, from its Ethernet header on
   */
  public Verdict parse(MemorySegment memory, long at, int length) {
    this.memory = memory;
    this.at = at;
    this.length = length;
    arp = false;
    tcpHeaderLength = 0;
    if (length < EthernetHeader.LENGTH) {
      return Verdict.MALFORMED;
    }
    int type = EthernetHeader.etherType(memory, at);
    if (type == EthernetHeader.ETHERTYPE_IPV4) {
      return parseIpv4();
    }
    if (type == EthernetHeader.ETHERTYPE_ARP) {
      arp = true;
      return length >= EthernetHeader.LENGTH + ArpPacket.LENGTH
              && ArpPacket.isIpv4OverEthernet(memory, network())
          ? Verdict.OK
          : Verdict.MALFORMED;
    }
    return Verdict.UNSUPPORTED;
  }

  private Verdict parseIpv4() {
    int available = length - EthernetHeader.LENGTH;
    long ip = network();
    if (available < Ipv4Header.MIN_LENGTH || Ipv4Header.version(memory, ip) != 4) {
      return Verdict.MALFORMED;
    }
    ipHeaderLength = Ipv4Header.headerLength(memory, ip);
    int total = Ipv4Header.totalLength(memory, ip);
    if (ipHeaderLength < Ipv4Header.MIN_LENGTH || total < ipHeaderLength || total > available) {
      return Verdict.MALFORMED;
    }
    protocol = Ipv4Header.protocol(memory, ip);
    firstFragment = (Ipv4Header.fragment(memory, ip) & FRAGMENT_OFFSET_BITS) == 0;
    return !firstFragment || hasTransportHeader(total - ipHeaderLength)
        ? Verdict.OK
        : Verdict.MALFORMED;
  }

  private boolean hasTransportHeader(int available) {
    if (protocol == Ipv4Header.PROTOCOL_TCP) {
      if (available < TcpHeader.MIN_LENGTH) {
        return false;
      }
      tcpHeaderLength = TcpHeader.headerLength(memory, transport());
      return tcpHeaderLength >= TcpHeader.MIN_LENGTH && tcpHeaderLength <= available;
    }
    if (protocol == Ipv4Header.PROTOCOL_UDP) {
      return available >= UdpHeader.LENGTH;
    }
    return protocol != Ipv4Header.PROTOCOL_ICMP || available >= ICMP_HEADER;
  }

  public MemorySegment memory() {
    return memory;
  }

  /** Where the Ethernet header begins. */
  public long at() {
    return at;
  }

  /** Bytes from the Ethernet header on, padding included. */
  public int length() {
    return length;
  }

  /** Where the ARP packet or IPv4 header begins. */
  public long network() {
    return at + EthernetHeader.LENGTH;
  }

  public boolean isArp() {
    return arp;
  }

  /** Of an IPv4 frame, as in its header. */
  public int protocol() {
    return protocol;
  }

  /** An IPv4 packet that is whole or the first fragment of one: it has its transport header. */
  public boolean isFirstFragment() {
    return firstFragment;
  }

  /** An IPv4 packet of which other fragments precede or follow. */
  public boolean isFragment() {
    return (Ipv4Header.fragment(memory, network()) & ~Ipv4Header.DONT_FRAGMENT) != 0;
  }

  /** TCP or UDP with its header here. */
  public boolean hasPorts() {
    return !arp && firstFragment && (hasTcpHeader() || protocol == Ipv4Header.PROTOCOL_UDP);
  }

  /** Source port above destination port, as they stand in {@link #hasPorts} frames. */
  public int ports() {
    return NetworkOrder.i32(memory, transport());
  }

  public int ipHeaderLength() {
    return ipHeaderLength;
  }

  /** Where the transport header begins; only there in a first fragment. */
  public long transport() {
    return network() + ipHeaderLength;
  }

  /** A TCP segment that is whole or the first fragment of one. */
  public boolean hasTcpHeader() {
    return tcpHeaderLength != 0;
  }

  public int tcpHeaderLength() {
    return tcpHeaderLength;
  }

  /** Ethernet, IPv4 and TCP header together. */
  public int tcpHeadersLength() {
    return EthernetHeader.LENGTH + ipHeaderLength + tcpHeaderLength;
  }

  /**
   * Whether the TCP or UDP checksum is only the pseudo header's sum: the rest was left to a device
   * that the frame never met. Kernel VXLAN over a veth pair sends such frames. A frame of the wire
   * looks like one as rarely as a damaged one has the right checksum, once in 2^16.
   */
  public boolean hasPartialChecksum() {
    int offset = checksumOffset();
    if (offset == 0) {
      return false;
    }
    long ip = network();
    int length = Ipv4Header.totalLength(memory, ip) - ipHeaderLength;
    long pseudo = InternetChecksum.ofPseudoHeader(memory, ip, protocol, length);
    return InternetChecksum.isPartial(memory, transport() + offset, pseudo);
  }

  /** Where in an unfragmented TCP or UDP header the checksum is; 0 if there is none. */
  public int checksumOffset() {
    if (arp || (Ipv4Header.fragment(memory, network()) & ~Ipv4Header.DONT_FRAGMENT) != 0) {
      return 0;
    }
    if (hasTcpHeader()) {
      return TcpHeader.CHECKSUM_OFFSET;
    }
    return protocol == Ipv4Header.PROTOCOL_UDP ? UdpHeader.CHECKSUM_OFFSET : 0;
  }

  /** Whether the frame asks for something new: a TCP SYN without ACK or an ICMP echo request. */
  public boolean opensFlow() {
    if (arp || !firstFragment) {
      return false;
    }
    if (hasTcpHeader()) {
      int flags = TcpHeader.flags(memory, transport());
      return (flags & (TcpHeader.SYN | TcpHeader.ACK)) == TcpHeader.SYN;
    }
    return protocol == Ipv4Header.PROTOCOL_ICMP
        && NetworkOrder.u8(memory, transport()) == ICMP_ECHO_REQUEST;
  }

  /**
   * The same for every frame of a flow, well spread over flows: addresses, protocol, and ports
   * where a packet is not fragmented (RFC 7348 section 5 wants the outer source port from it).
   */
  public int flowHash() {
    if (arp) {
      return (int) EthernetHeader.source(memory, at);
    }
    long ip = network();
    int h = Ipv4Header.source(memory, ip) * 0x9e3779b1 + Ipv4Header.destination(memory, ip);
    h = h * 0x85ebca6b + protocol;
    boolean whole = (Ipv4Header.fragment(memory, ip) & ~Ipv4Header.DONT_FRAGMENT) == 0;
    if (whole && (hasTcpHeader() || protocol == Ipv4Header.PROTOCOL_UDP)) {
      h = h * 0xc2b2ae35 + NetworkOrder.i32(memory, transport());
    }
    h ^= h >>> 15;
    h *= 0x2c1b3c6d;
    return h ^ h >>> 13;
  }
}
