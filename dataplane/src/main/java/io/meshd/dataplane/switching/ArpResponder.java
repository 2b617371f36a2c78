package io.meshd.dataplane.switching;

import io.meshd.dataplane.wire.ArpPacket;
import io.meshd.dataplane.wire.EthernetHeader;
import io.meshd.dataplane.wire.FrameView;
import java.lang.foreign.MemorySegment;

/** Turns an ARP request into its reply, in place (RFC 826). */
final class ArpResponder {
  private ArpResponder() {}

  static void reply(FrameView frame, long mac) {
    MemorySegment m = frame.memory();
    long arp = frame.network();
    long askerMac = ArpPacket.senderMac(m, arp);
    int askerIp = ArpPacket.senderIp(m, arp);
    int ip = ArpPacket.targetIp(m, arp);
    EthernetHeader.destination(m, frame.at(), askerMac);
    EthernetHeader.source(m, frame.at(), mac);
    ArpPacket.operation(m, arp, ArpPacket.REPLY);
    ArpPacket.sender(m, arp, mac, ip);
    ArpPacket.target(m, arp, askerMac, askerIp);
  }
}
