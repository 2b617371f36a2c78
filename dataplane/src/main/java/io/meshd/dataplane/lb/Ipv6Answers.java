package io.meshd.dataplane.lb;

import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.IcmpHeader;
import io.meshd.dataplane.wire.Icmpv6Header;
import io.meshd.dataplane.wire.Ipv6Header;
import java.lang.foreign.MemorySegment;

/** {@link Answers} over IPv6. */
final class Ipv6Answers {
  /** An error is no longer than the smallest MTU (RFC 4443 section 2.4 (c)). */
  static final int LONGEST_ERROR = 1280;

  private static final int HOP_LIMIT = 64;

  /** Where the first header says what follows, from the packet's begin. */
  private static final int NEXT_HEADER_POINTER = 6;

  private Ipv6Answers() {}

  static int echoReply(FrameView frame) {
    MemorySegment m = frame.memory();
    turn(frame);
    if (frame.isFirstFragment()) {
      Icmpv6Header.toEchoReply(m, frame.transport());
    }
    return frame.length();
  }

  static int unreachable(FrameView frame, int code) {
    MemorySegment m = frame.memory();
    long ip = frame.network();
    long icmp = ip + Ipv6Header.LENGTH;
    int most = LONGEST_ERROR - Ipv6Header.LENGTH - Icmpv6Header.ERROR_LENGTH;
    int quoted = Math.min(frame.ipLength(), most);
    // The first extension header says what follows where there is one.
    int pointer =
        frame.ipHeaderLength() == Ipv6Header.LENGTH ? NEXT_HEADER_POINTER : Ipv6Header.LENGTH;
    MemorySegment.copy(m, ip, m, icmp + Icmpv6Header.ERROR_LENGTH, quoted);
    begin(frame, Ipv6Header.PROTOCOL_ICMPV6, Icmpv6Header.ERROR_LENGTH + quoted);
    if (code == IcmpHeader.PROTOCOL) {
      Icmpv6Header.error(
          m, icmp, Icmpv6Header.PARAMETER_PROBLEM, Icmpv6Header.NEXT_HEADER, pointer);
    } else {
      Icmpv6Header.error(m, icmp, Icmpv6Header.UNREACHABLE, Icmpv6Header.PORT, 0);
    }
    Icmpv6Header.updateChecksum(m, ip, icmp, Icmpv6Header.ERROR_LENGTH + quoted);
    return EthernetHeader.LENGTH + Ipv6Header.LENGTH + Icmpv6Header.ERROR_LENGTH + quoted;
  }

  /** Ethernet and IPv6 header back to the sender, without extension headers. */
  static void begin(FrameView frame, int protocol, int length) {
    MemorySegment m = frame.memory();
    long ip = frame.network();
    turn(frame);
    Ipv6Header.initialize(m, ip);
    Ipv6Header.payloadLength(m, ip, length);
    Ipv6Header.nextHeader(m, ip, protocol);
    Ipv6Header.hopLimit(m, ip, HOP_LIMIT);
  }

  /** Two addresses that change places change no checksum. */
  private static void turn(FrameView frame) {
    MemorySegment m = frame.memory();
    long ip = frame.network();
    Answers.turn(frame);
    long high = Ipv6Header.sourceHigh(m, ip);
    long low = Ipv6Header.sourceLow(m, ip);
    Ipv6Header.source(m, ip, Ipv6Header.destinationHigh(m, ip), Ipv6Header.destinationLow(m, ip));
    Ipv6Header.destination(m, ip, high, low);
  }
}
