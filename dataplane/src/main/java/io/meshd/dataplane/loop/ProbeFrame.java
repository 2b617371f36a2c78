package io.meshd.dataplane.loop;

import io.meshd.dataplane.Probe;
import io.meshd.dataplane.wire.ArpPacket;
import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.IcmpHeader;
import io.meshd.dataplane.wire.InternetChecksum;
import io.meshd.dataplane.wire.Ipv4Header;
import io.meshd.dataplane.wire.TcpHeader;
import io.meshd.dataplane.wire.UdpHeader;
import java.lang.foreign.MemorySegment;

/** A {@link Probe} as a kernel would send it. Each returns the frame's length. */
final class ProbeFrame {
  private static final long BROADCAST = 0xffff_ffff_ffffL;
  private static final int TIME_TO_LIVE = 64;
  private static final int WINDOW = 64_240;

  private ProbeFrame() {}

  /** Who has the next hop? */
  static int arp(Probe probe, long mac, MemorySegment m, long at) {
    EthernetHeader.destination(m, at, BROADCAST);
    EthernetHeader.source(m, at, mac);
    EthernetHeader.etherType(m, at, EthernetHeader.ETHERTYPE_ARP);
    long arp = at + EthernetHeader.LENGTH;
    ArpPacket.initialize(m, arp);
    ArpPacket.operation(m, arp, ArpPacket.REQUEST);
    ArpPacket.sender(m, arp, mac, probe.own().bits());
    ArpPacket.target(m, arp, 0, probe.nextHop().bits());
    return EthernetHeader.LENGTH + ArpPacket.LENGTH;
  }

  static int packet(Probe probe, long from, long to, MemorySegment m, long at) {
    EthernetHeader.destination(m, at, to);
    EthernetHeader.source(m, at, from);
    EthernetHeader.etherType(m, at, EthernetHeader.ETHERTYPE_IPV4);
    long ip = at + EthernetHeader.LENGTH;
    int length =
        switch (probe.protocol()) {
          case Ipv4Header.PROTOCOL_TCP -> TcpHeader.MIN_LENGTH;
          case Ipv4Header.PROTOCOL_UDP -> UdpHeader.LENGTH;
          case Ipv4Header.PROTOCOL_ICMP -> IcmpHeader.LENGTH;
          default -> throw new IllegalArgumentException("protocol " + probe.protocol());
        };
    Ipv4Header.initialize(m, ip, Ipv4Header.MIN_LENGTH);
    Ipv4Header.totalLength(m, ip, Ipv4Header.MIN_LENGTH + length);
    Ipv4Header.identification(m, ip, 0);
    Ipv4Header.fragment(m, ip, Ipv4Header.DONT_FRAGMENT);
    Ipv4Header.timeToLive(m, ip, TIME_TO_LIVE);
    Ipv4Header.protocol(m, ip, probe.protocol());
    Ipv4Header.source(m, ip, probe.source().bits());
    Ipv4Header.destination(m, ip, probe.destination().bits());
    Ipv4Header.updateChecksum(m, ip, Ipv4Header.MIN_LENGTH);
    long transport = ip + Ipv4Header.MIN_LENGTH;
    switch (probe.protocol()) {
      case Ipv4Header.PROTOCOL_TCP -> tcp(probe, m, ip, transport);
      case Ipv4Header.PROTOCOL_UDP -> {
        UdpHeader.initialize(m, transport, probe.sourcePort(), probe.destinationPort(), length);
        UdpHeader.storeChecksum(
            m,
            transport,
            InternetChecksum.add(
                InternetChecksum.ofPseudoHeader(m, ip, probe.protocol(), length),
                m,
                transport,
                length));
      }
      default -> {
        int type = probe.answer() ? IcmpHeader.ECHO_REPLY : IcmpHeader.ECHO_REQUEST;
        IcmpHeader.initialize(m, transport, type, 0);
        IcmpHeader.updateChecksum(m, transport, length);
      }
    }
    return EthernetHeader.LENGTH + Ipv4Header.MIN_LENGTH + length;
  }

  private static void tcp(Probe probe, MemorySegment m, long ip, long tcp) {
    TcpHeader.ports(m, tcp, probe.sourcePort(), probe.destinationPort());
    TcpHeader.sequence(m, tcp, 1);
    TcpHeader.acknowledgment(m, tcp, probe.answer() ? 2 : 0);
    TcpHeader.headerLength(m, tcp, TcpHeader.MIN_LENGTH);
    TcpHeader.flags(m, tcp, probe.answer() ? TcpHeader.SYN | TcpHeader.ACK : TcpHeader.SYN);
    TcpHeader.window(m, tcp, WINDOW);
    TcpHeader.urgentPointer(m, tcp, 0);
    TcpHeader.checksum(m, tcp, 0);
    long pseudo =
        InternetChecksum.ofPseudoHeader(m, ip, Ipv4Header.PROTOCOL_TCP, TcpHeader.MIN_LENGTH);
    TcpHeader.storeChecksum(m, tcp, InternetChecksum.add(pseudo, m, tcp, TcpHeader.MIN_LENGTH));
  }
}
