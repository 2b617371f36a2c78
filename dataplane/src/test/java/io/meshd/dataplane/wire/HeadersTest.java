package io.meshd.dataplane.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** Each header against bytes read off a wire or counted off its RFC. */
class HeadersTest {

  @Test
  void arpRequestAsLinuxSendsIt() {
    String bytes =
        "ffffffffffff 02420a000103 0806"
            + "0001 0800 06 04 0001 02420a000103 0a000103 000000000000 0a000104";
    byte[] frame = TestFrames.arp(ArpPacket.REQUEST, 0x02420a000103L, 0x0a000103, 0x0a000104);
    assertArrayEquals(hex(bytes), frame);
    MemorySegment m = MemorySegment.ofArray(frame);
    assertTrue(EthernetHeader.isGroup(EthernetHeader.destination(m, 0)));
    assertEquals(0x02420a000103L, EthernetHeader.source(m, 0));
    assertEquals(EthernetHeader.ETHERTYPE_ARP, EthernetHeader.etherType(m, 0));
    assertTrue(ArpPacket.isIpv4OverEthernet(m, 14));
    assertEquals(ArpPacket.REQUEST, ArpPacket.operation(m, 14));
    assertEquals(0x02420a000103L, ArpPacket.senderMac(m, 14));
    assertEquals(0x0a000103, ArpPacket.senderIp(m, 14));
    assertEquals(0x0a000104, ArpPacket.targetIp(m, 14));
  }

  /** The header of Wikipedia's worked example, checksum b861. */
  @Test
  void ipv4WithItsChecksum() {
    byte[] header = hex("45000073 00004000 4011b861 c0a80001 c0a800c7");
    MemorySegment m = MemorySegment.ofArray(header);
    assertEquals(4, Ipv4Header.version(m, 0));
    assertEquals(20, Ipv4Header.headerLength(m, 0));
    assertEquals(0x73, Ipv4Header.totalLength(m, 0));
    assertEquals(0, Ipv4Header.identification(m, 0));
    assertEquals(Ipv4Header.DONT_FRAGMENT, Ipv4Header.fragment(m, 0));
    assertEquals(Ipv4Header.PROTOCOL_UDP, Ipv4Header.protocol(m, 0));
    assertEquals(0xc0a80001, Ipv4Header.source(m, 0));
    assertEquals(0xc0a800c7, Ipv4Header.destination(m, 0));
    header[10] = 0x55;
    Ipv4Header.updateChecksum(m, 0, 20);
    assertEquals(0xb861, Ipv4Header.checksum(m, 0));
  }

  @Test
  void tcpFieldsWhereTheRfcHasThem() {
    MemorySegment m =
        MemorySegment.ofArray(hex("9c40 0050 11223344 55667788 80 99 01f5 abcd 0000"));
    assertEquals(40_000, TcpHeader.sourcePort(m, 0));
    assertEquals(80, TcpHeader.destinationPort(m, 0));
    assertEquals(0x11223344, TcpHeader.sequence(m, 0));
    assertEquals(32, TcpHeader.headerLength(m, 0));
    assertEquals(
        TcpHeader.CWR | TcpHeader.ACK | TcpHeader.PSH | TcpHeader.FIN, TcpHeader.flags(m, 0));
    assertEquals(0xabcd, TcpHeader.checksum(m, 0));
  }

  @Test
  void udpAndVxlan() {
    byte[] bytes = new byte[16];
    MemorySegment m = MemorySegment.ofArray(bytes);
    UdpHeader.initialize(m, 0, 0x1234, 4789, 100);
    VxlanHeader.initialize(m, 8, 0xabcdef);
    assertArrayEquals(hex("1234 12b5 0064 0000 08000000 abcdef00"), bytes);
    assertEquals(0x1234, UdpHeader.sourcePort(m, 0));
    assertEquals(4789, UdpHeader.destinationPort(m, 0));
    assertEquals(100, UdpHeader.length(m, 0));
    assertEquals(0xabcdef, VxlanHeader.vni(m, 8));
    assertTrue(VxlanHeader.hasVni(m, 8));
  }

  @Test
  void reservedBitsOfVxlanAreIgnoredButTheFlagIsNot() {
    assertTrue(VxlanHeader.hasVni(MemorySegment.ofArray(hex("ff123456 000001ff")), 0));
    assertEquals(1, VxlanHeader.vni(MemorySegment.ofArray(hex("ff123456 000001ff")), 0));
    assertFalse(VxlanHeader.hasVni(MemorySegment.ofArray(hex("f7000000 00000100")), 0));
  }

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replace(" ", ""));
  }
}
