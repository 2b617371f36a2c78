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
    /** Neither IP nor ARP. */
    UNSUPPORTED
  }

  private static final int FRAGMENT_OFFSET_BITS = 0x1fff;
  private static final int ICMP_HEADER = 8;
  private static final int ICMP_ECHO_REQUEST = 8;
  private static final int ICMPV6_HEADER = 4;
  private static final int ICMPV6_ECHO_REQUEST = 128;
  private static final int EXTENSION = 8;

  /** No sender has a use for more extension headers; a chain of hundreds would cost time. */
  private static final int MOST_EXTENSIONS = 8;

  private MemorySegment memory = MemorySegment.NULL;
  private long at;
  private int length;
  private boolean arp;
  private boolean ipv6;
  private int ipHeaderLength;
  private int ipLength;
  private int protocol;
  private boolean fragment;
  private boolean firstFragment;
  private int identification;
  private boolean sourceRouted;
  private int tcpHeaderLength;

  /**
   * @param length of the frame in bytes, from its Ethernet header on
   */
  public Verdict parse(MemorySegment memory, long at, int length) {
    this.memory = memory;
    this.at = at;
    this.length = length;
    arp = false;
    ipv6 = false;
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
    if (type == EthernetHeader.ETHERTYPE_IPV6) {
      ipv6 = true;
      return parseIpv6();
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
    ipLength = total;
    protocol = Ipv4Header.protocol(memory, ip);
    int fragmentation = Ipv4Header.fragment(memory, ip);
    fragment = (fragmentation & ~Ipv4Header.DONT_FRAGMENT) != 0;
    firstFragment = (fragmentation & FRAGMENT_OFFSET_BITS) == 0;
    identification = Ipv4Header.identification(memory, ip);
    sourceRouted = false;
    return !firstFragment || hasTransportHeader(total - ipHeaderLength)
        ? Verdict.OK
        : Verdict.MALFORMED;
  }

  private Verdict parseIpv6() {
    int available = length - EthernetHeader.LENGTH;
    long ip = network();
    if (available < Ipv6Header.LENGTH || Ipv6Header.version(memory, ip) != 6) {
      return Verdict.MALFORMED;
    }
    ipLength = Ipv6Header.LENGTH + Ipv6Header.payloadLength(memory, ip);
    if (ipLength > available || !passExtensions(ip)) {
      return Verdict.MALFORMED;
    }
    return !firstFragment || hasTransportHeader(ipLength - ipHeaderLength)
        ? Verdict.OK
        : Verdict.MALFORMED;
  }

  /**
   * Finds what is behind the extension headers (RFC 8200 section 4), which must all be in a first
   * fragment (RFC 7112).
   */
  private boolean passExtensions(long ip) {
    protocol = Ipv6Header.nextHeader(memory, ip);
    ipHeaderLength = Ipv6Header.LENGTH;
    fragment = false;
    firstFragment = true;
    sourceRouted = false;
    for (int passed = 0; isExtension(protocol); passed++) {
      if (passed == MOST_EXTENSIONS || ipHeaderLength + EXTENSION > ipLength) {
        return false;
      }
      long at = ip + ipHeaderLength;
      int units = NetworkOrder.u8(memory, at + 1);
      int bytes = EXTENSION + 8 * units;
      if (protocol == Ipv6Header.FRAGMENT) {
        int offset = NetworkOrder.u16(memory, at + 2);
        fragment = true;
        firstFragment = (offset & ~7) == 0;
        identification = NetworkOrder.i32(memory, at + 4);
        bytes = EXTENSION;
      } else if (protocol == Ipv6Header.AUTHENTICATION) {
        bytes = EXTENSION + 4 * units;
      } else if (protocol == Ipv6Header.ROUTING) {
        sourceRouted |= NetworkOrder.u8(memory, at + 3) != 0;
      }
      protocol = NetworkOrder.u8(memory, at);
      ipHeaderLength += bytes;
      if (!firstFragment) {
        return true;
      }
    }
    return ipHeaderLength <= ipLength;
  }

  private static boolean isExtension(int protocol) {
    return switch (protocol) {
      case Ipv6Header.HOP_BY_HOP,
          Ipv6Header.ROUTING,
          Ipv6Header.FRAGMENT,
          Ipv6Header.AUTHENTICATION,
          Ipv6Header.DESTINATION_OPTIONS ->
          true;
      default -> false;
    };
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
    if (protocol == (ipv6 ? Ipv6Header.PROTOCOL_ICMPV6 : Ipv4Header.PROTOCOL_ICMP)) {
      return available >= (ipv6 ? ICMPV6_HEADER : ICMP_HEADER);
    }
    return true;
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

  /** Where the ARP packet or IP header begins. */
  public long network() {
    return at + EthernetHeader.LENGTH;
  }

  public boolean isArp() {
    return arp;
  }

  public boolean isIpv6() {
    return ipv6;
  }

  /** Of an IP frame, as in its header or, of IPv6, in the last extension header. */
  public int protocol() {
    return protocol;
  }

  /** An IP packet that is whole or the first fragment of one: it has its transport header. */
  public boolean isFirstFragment() {
    return firstFragment;
  }

  /** An IP packet of which other fragments precede or follow, or that says so. */
  public boolean isFragment() {
    return fragment;
  }

  /** Of a fragment: tells its packet from others between the same two; IPv4's has 16 bits. */
  public int identification() {
    return identification;
  }

  /** An IPv6 packet with a routing header whose last destination is another one. */
  public boolean isSourceRouted() {
    return sourceRouted;
  }

  /** TCP or UDP with its header here. */
  public boolean hasPorts() {
    return !arp && firstFragment && (hasTcpHeader() || protocol == Ipv4Header.PROTOCOL_UDP);
  }

  /** Source port above destination port, as they stand in {@link #hasPorts} frames. */
  public int ports() {
    return NetworkOrder.i32(memory, transport());
  }

  /** Of IPv6 with its extension headers. */
  public int ipHeaderLength() {
    return ipHeaderLength;
  }

  /** Bytes of the IP packet, without padding. */
  public int ipLength() {
    return ipLength;
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

  /** Ethernet, IP, and TCP or UDP header together, of a frame that {@link #hasPorts}. */
  public int headersLength() {
    int transport = hasTcpHeader() ? tcpHeaderLength : UdpHeader.LENGTH;
    return EthernetHeader.LENGTH + ipHeaderLength + transport;
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
    int length = ipLength - ipHeaderLength;
    long pseudo =
        ipv6
            ? InternetChecksum.ofPseudoHeader6(memory, network(), protocol, length)
            : InternetChecksum.ofPseudoHeader(memory, network(), protocol, length);
    return InternetChecksum.isPartial(memory, transport() + offset, pseudo);
  }

  /** Where in an unfragmented TCP or UDP header the checksum is; 0 if there is none. */
  public int checksumOffset() {
    if (arp || fragment) {
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
    return ipv6
        ? protocol == Ipv6Header.PROTOCOL_ICMPV6
            && NetworkOrder.u8(memory, transport()) == ICMPV6_ECHO_REQUEST
        : protocol == Ipv4Header.PROTOCOL_ICMP
            && NetworkOrder.u8(memory, transport()) == ICMP_ECHO_REQUEST;
  }

  /** Whether it is a TCP segment that begins a connection, or answers one that does. */
  public boolean isSyn() {
    return hasTcpHeader() && (TcpHeader.flags(memory, transport()) & TcpHeader.SYN) != 0;
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
    int h =
        ipv6
            ? hashOfAddresses(ip)
            : Ipv4Header.source(memory, ip) * 0x9e3779b1 + Ipv4Header.destination(memory, ip);
    h = h * 0x85ebca6b + protocol;
    if (!fragment && (hasTcpHeader() || protocol == Ipv4Header.PROTOCOL_UDP)) {
      h = h * 0xc2b2ae35 + NetworkOrder.i32(memory, transport());
    }
    h ^= h >>> 15;
    h *= 0x2c1b3c6d;
    return h ^ h >>> 13;
  }

  private int hashOfAddresses(long ip) {
    long h = Ipv6Header.sourceHigh(memory, ip) * 0x9e3779b97f4a7c15L;
    h = (h + Ipv6Header.sourceLow(memory, ip)) * 0x9e3779b97f4a7c15L;
    h = ((h ^ h >>> 29) + Ipv6Header.destinationHigh(memory, ip)) * 0x9e3779b97f4a7c15L;
    h = (h + Ipv6Header.destinationLow(memory, ip)) * 0x9e3779b97f4a7c15L;
    return (int) (h >>> 32);
  }
}
