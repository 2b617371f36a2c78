package io.meshd.dataplane.lb;

import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.FrameView;
import io.meshd.dataplane.wire.IcmpHeader;
import io.meshd.dataplane.wire.InternetChecksum;
import io.meshd.dataplane.wire.Ipv4Header;
import io.meshd.dataplane.wire.Ipv6Header;
import io.meshd.dataplane.wire.TcpHeader;
import java.lang.foreign.MemorySegment;

/**
 * What a virtual IP answers itself, made of the very frame it answers: in its place, with its
 * addresses turned round. The memory must have {@link #ROOM} bytes from the frame's begin on. Each
 * returns the answer's length. Over IPv6 it is {@link Ipv6Answers} that does it.
 */
public final class Answers {
  /** The longest is an ICMPv6 error, with all that it may quote. */
  public static final int ROOM = EthernetHeader.LENGTH + Ipv6Answers.LONGEST_ERROR;

  private static final int TIME_TO_LIVE = 64;
  private static final int QUOTED = 8;

  private Answers() {}

  /** To an echo request (RFC 792), or to a later fragment of one: only addresses change then. */
  public static int echoReply(FrameView frame) {
    if (frame.isIpv6()) {
      return Ipv6Answers.echoReply(frame);
    }
    MemorySegment m = frame.memory();
    turn(frame);
    // Two addresses that change places change no checksum.
    int source = Ipv4Header.source(m, frame.network());
    Ipv4Header.source(m, frame.network(), Ipv4Header.destination(m, frame.network()));
    Ipv4Header.destination(m, frame.network(), source);
    if (frame.isFirstFragment()) {
      IcmpHeader.toEchoReply(m, frame.transport());
    }
    return frame.length();
  }

  /** To a TCP segment that belongs to no connection (RFC 9293 section 3.10.7.1); not to a RST. */
  public static int reset(FrameView frame) {
    MemorySegment m = frame.memory();
    long tcp = frame.transport();
    int flags = TcpHeader.flags(m, tcp);
    int length =
        frame.ipLength()
            - frame.ipHeaderLength()
            - frame.tcpHeaderLength()
            + ((flags & TcpHeader.SYN) != 0 ? 1 : 0)
            + ((flags & TcpHeader.FIN) != 0 ? 1 : 0);
    boolean acknowledges = (flags & TcpHeader.ACK) != 0;
    int sequence = acknowledges ? TcpHeader.acknowledgment(m, tcp) : 0;
    int acknowledgment = acknowledges ? 0 : TcpHeader.sequence(m, tcp) + length;
    int sourcePort = TcpHeader.sourcePort(m, tcp);
    int destinationPort = TcpHeader.destinationPort(m, tcp);

    int header = frame.isIpv6() ? Ipv6Header.LENGTH : Ipv4Header.MIN_LENGTH;
    if (frame.isIpv6()) {
      Ipv6Answers.begin(frame, Ipv4Header.PROTOCOL_TCP, TcpHeader.MIN_LENGTH);
    } else {
      begin(frame, Ipv4Header.PROTOCOL_TCP, TcpHeader.MIN_LENGTH);
    }
    long to = frame.network() + header;
    TcpHeader.ports(m, to, /* source= */ destinationPort, /* destination= */ sourcePort);
    TcpHeader.sequence(m, to, sequence);
    TcpHeader.acknowledgment(m, to, acknowledgment);
    TcpHeader.headerLength(m, to, TcpHeader.MIN_LENGTH);
    TcpHeader.flags(m, to, acknowledges ? TcpHeader.RST : TcpHeader.RST | TcpHeader.ACK);
    TcpHeader.window(m, to, 0);
    TcpHeader.checksum(m, to, 0);
    TcpHeader.urgentPointer(m, to, 0);
    long pseudo =
        frame.isIpv6()
            ? InternetChecksum.ofPseudoHeader6(
                m, frame.network(), Ipv4Header.PROTOCOL_TCP, TcpHeader.MIN_LENGTH)
            : InternetChecksum.ofPseudoHeader(
                m, frame.network(), Ipv4Header.PROTOCOL_TCP, TcpHeader.MIN_LENGTH);
    TcpHeader.storeChecksum(m, to, InternetChecksum.add(pseudo, m, to, TcpHeader.MIN_LENGTH));
    return EthernetHeader.LENGTH + header + TcpHeader.MIN_LENGTH;
  }

  /**
   * To a packet that nobody takes: destination unreachable (RFC 792), with its header and 8 bytes.
   *
   * @param code of {@link IcmpHeader#UNREACHABLE}; over IPv6 what says the same there
   */
  public static int unreachable(FrameView frame, int code) {
    if (frame.isIpv6()) {
      return Ipv6Answers.unreachable(frame, code);
    }
    MemorySegment m = frame.memory();
    long ip = frame.network();
    int data = Ipv4Header.totalLength(m, ip) - frame.ipHeaderLength();
    int quoted = frame.ipHeaderLength() + Math.min(QUOTED, data);
    long icmp = ip + Ipv4Header.MIN_LENGTH;
    MemorySegment.copy(m, ip, m, icmp + IcmpHeader.LENGTH, quoted);
    begin(frame, Ipv4Header.PROTOCOL_ICMP, IcmpHeader.LENGTH + quoted);
    IcmpHeader.initialize(m, icmp, IcmpHeader.UNREACHABLE, code);
    IcmpHeader.updateChecksum(m, icmp, IcmpHeader.LENGTH + quoted);
    return EthernetHeader.LENGTH + Ipv4Header.MIN_LENGTH + IcmpHeader.LENGTH + quoted;
  }

  /** Ethernet and IPv4 header back to the sender. */
  private static void begin(FrameView frame, int protocol, int length) {
    MemorySegment m = frame.memory();
    long ip = frame.network();
    turn(frame);
    int source = Ipv4Header.source(m, ip);
    int destination = Ipv4Header.destination(m, ip);
    Ipv4Header.initialize(m, ip, Ipv4Header.MIN_LENGTH);
    Ipv4Header.totalLength(m, ip, Ipv4Header.MIN_LENGTH + length);
    Ipv4Header.identification(m, ip, 0);
    Ipv4Header.fragment(m, ip, Ipv4Header.DONT_FRAGMENT);
    Ipv4Header.timeToLive(m, ip, TIME_TO_LIVE);
    Ipv4Header.protocol(m, ip, protocol);
    Ipv4Header.source(m, ip, destination);
    Ipv4Header.destination(m, ip, source);
    Ipv4Header.updateChecksum(m, ip, Ipv4Header.MIN_LENGTH);
  }

  static void turn(FrameView frame) {
    MemorySegment m = frame.memory();
    long source = EthernetHeader.source(m, frame.at());
    EthernetHeader.source(m, frame.at(), EthernetHeader.destination(m, frame.at()));
    EthernetHeader.destination(m, frame.at(), source);
  }
}
