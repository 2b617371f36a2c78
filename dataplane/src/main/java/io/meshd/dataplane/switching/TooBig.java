package io.meshd.dataplane.switching;

import io.meshd.dataplane.lb.RateLimit;
import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.IcmpHeader;
import io.meshd.dataplane.wire.Icmpv6Header;
import io.meshd.dataplane.wire.Ipv4Header;
import io.meshd.dataplane.wire.Ipv6Header;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Tells the sender of a packet that must not be cut how much its path carries: ICMP "fragmentation
 * needed and DF set" (RFC 792, RFC 1191) or ICMPv6 "packet too big" (RFC 4443 section 3.2), made of
 * the very frame, in its place. It comes from the address that the packet was sent to, and quotes
 * it as it was sent: a virtual address, where it was one, and not the backend that was chosen.
 *
 * <p>One per loop.
 */
public final class TooBig {
  /**
   * Which every IPv6 link carries, cut and joined below IPv6 where it must (RFC 8200 section 5).
   */
  public static final int LEAST_IPV6_MTU = 1280;

  private static final int ETHERNET_AND_IPV4 = EthernetHeader.LENGTH + 60;
  private static final int LARGEST_IPV4_ANSWER = 576; // RFC 1812 section 4.3.2.3
  private static final int TIME_TO_LIVE = 64;

  /** RFC 4443 section 2.4 (f). A sender needs one for each path that it has, every ten minutes. */
  private static final int PER_SECOND = 500;

  private final MemorySegment original = Arena.ofAuto().allocate(ETHERNET_AND_IPV4, 8);
  private final RateLimit limit = new RateLimit(PER_SECOND);

  /** Keeps the addresses of a frame that may turn out to be too big, before they are changed. */
  public void remember(MemorySegment m, long at, int length) {
    MemorySegment.copy(m, at, original, 0, Math.min(length, ETHERNET_AND_IPV4));
  }

  /**
   * Whether it may be answered: no error is about an error, about what went to a group, or about a
   * fragment but the first (RFC 1122 section 3.2.2, RFC 4443 section 2.4 (e)).
   *
   * @return why not; null when it may
   */
  public @Nullable DropReason refusal(FrameView frame, int nowSeconds) {
    if (frame.isArp()
        || EthernetHeader.isGroup(EthernetHeader.destination(frame.memory(), frame.at()))
        || !frame.isFirstFragment()
        || isError(frame)) {
      return DropReason.FRAME_TOO_BIG;
    }
    return limit.take(nowSeconds) ? null : DropReason.TOO_BIG_LIMITED;
  }

  private static boolean isError(FrameView frame) {
    if (frame.isIpv6()) {
      return frame.protocol() == Ipv6Header.PROTOCOL_ICMPV6
          && Icmpv6Header.type(frame.memory(), frame.transport()) < Icmpv6Header.INFORMATIONAL;
    }
    return frame.protocol() == Ipv4Header.PROTOCOL_ICMP
        && IcmpHeader.isError(IcmpHeader.type(frame.memory(), frame.transport()));
  }

  /**
   * Makes the frame its answer, to be given to the port that it came from.
   *
   * @param frame that was {@link #remember}ed, not {@link #refusal refused}
   * @param mtu bytes of IP packet that pass; of IPv6 at least {@link #LEAST_IPV6_MTU}
   * @return the answer's length
   */
  public int answer(FrameView frame, int mtu) {
    MemorySegment m = frame.memory();
    int known = EthernetHeader.LENGTH + Math.min(frame.ipHeaderLength(), 60);
    MemorySegment.copy(original, 0, m, frame.at(), known);
    long source = EthernetHeader.source(m, frame.at());
    EthernetHeader.source(m, frame.at(), EthernetHeader.destination(m, frame.at()));
    EthernetHeader.destination(m, frame.at(), source);
    int length =
        frame.isIpv6()
            ? ipv6(m, frame.network(), frame.ipLength(), mtu)
            : ipv4(m, frame.network(), frame.ipLength(), mtu);
    return EthernetHeader.LENGTH + length;
  }

  private static int ipv4(MemorySegment m, long ip, int packet, int mtu) {
    int headers = Ipv4Header.MIN_LENGTH + IcmpHeader.LENGTH;
    int quoted = Math.min(packet, LARGEST_IPV4_ANSWER - headers);
    int source = Ipv4Header.source(m, ip);
    int destination = Ipv4Header.destination(m, ip);
    MemorySegment.copy(m, ip, m, ip + headers, quoted);
    Ipv4Header.initialize(m, ip, Ipv4Header.MIN_LENGTH);
    Ipv4Header.totalLength(m, ip, headers + quoted);
    Ipv4Header.identification(m, ip, 0);
    Ipv4Header.fragment(m, ip, Ipv4Header.DONT_FRAGMENT);
    Ipv4Header.timeToLive(m, ip, TIME_TO_LIVE);
    Ipv4Header.protocol(m, ip, Ipv4Header.PROTOCOL_ICMP);
    Ipv4Header.source(m, ip, destination);
    Ipv4Header.destination(m, ip, source);
    Ipv4Header.updateChecksum(m, ip, Ipv4Header.MIN_LENGTH);
    long icmp = ip + Ipv4Header.MIN_LENGTH;
    IcmpHeader.initialize(m, icmp, IcmpHeader.UNREACHABLE, IcmpHeader.TOO_BIG);
    IcmpHeader.mtu(m, icmp, mtu);
    IcmpHeader.updateChecksum(m, icmp, IcmpHeader.LENGTH + quoted);
    return headers + quoted;
  }

  private static int ipv6(MemorySegment m, long ip, int packet, int mtu) {
    int headers = Ipv6Header.LENGTH + Icmpv6Header.ERROR_LENGTH;
    int quoted = Math.min(packet, LEAST_IPV6_MTU - headers);
    long sourceHigh = Ipv6Header.sourceHigh(m, ip);
    long sourceLow = Ipv6Header.sourceLow(m, ip);
    long destinationHigh = Ipv6Header.destinationHigh(m, ip);
    long destinationLow = Ipv6Header.destinationLow(m, ip);
    MemorySegment.copy(m, ip, m, ip + headers, quoted);
    int length = Icmpv6Header.ERROR_LENGTH + quoted;
    Ipv6Header.initialize(m, ip);
    Ipv6Header.payloadLength(m, ip, length);
    Ipv6Header.nextHeader(m, ip, Ipv6Header.PROTOCOL_ICMPV6);
    Ipv6Header.hopLimit(m, ip, TIME_TO_LIVE);
    Ipv6Header.source(m, ip, destinationHigh, destinationLow);
    Ipv6Header.destination(m, ip, sourceHigh, sourceLow);
    long icmp = ip + Ipv6Header.LENGTH;
    Icmpv6Header.tooBig(m, icmp, mtu);
    Icmpv6Header.updateChecksum(m, ip, icmp, length);
    return headers + quoted;
  }
}
