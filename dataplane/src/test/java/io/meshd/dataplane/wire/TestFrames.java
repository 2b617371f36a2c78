package io.meshd.dataplane.wire;

import java.lang.foreign.MemorySegment;
import java.net.Inet6Address;
import java.util.random.RandomGenerator;

/** Frames for tests, written byte by byte from the RFCs' pictures, with right checksums. */
public final class TestFrames {
  private TestFrames() {}

  /** What a test varies in a TCP frame. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Tcp(
      long sourceMac,
      long destinationMac,
      int source,
      int destination,
      int id,
      boolean dontFragment,
      int sequence,
      int flags,
      int optionBytes,
      byte[] payload) {

    public byte[] bytes() {
      int tcpLength = 20 + optionBytes + payload.length;
      byte[] f = new byte[34 + tcpLength];
      MemorySegment m = MemorySegment.ofArray(f);
      ipv4(m, sourceMac, destinationMac, source, destination, 6, tcpLength);
      Ipv4Header.identification(m, 14, id);
      Ipv4Header.fragment(m, 14, dontFragment ? Ipv4Header.DONT_FRAGMENT : 0);
      TcpHeader.ports(m, 34, 40_000, 80);
      TcpHeader.sequence(m, 34, sequence);
      TcpHeader.acknowledgment(m, 34, 0x01020304);
      TcpHeader.headerLength(m, 34, 20 + optionBytes);
      TcpHeader.flags(m, 34, flags);
      TcpHeader.window(m, 34, 501);
      for (int i = 0; i < optionBytes; i++) {
        f[54 + i] = (byte) (i + 1);
      }
      System.arraycopy(payload, 0, f, 54 + optionBytes, payload.length);
      Ipv4Header.updateChecksum(m, 14, 20);
      TcpHeader.checksum(m, 34, slowChecksum(f, 26, 8, 6 + tcpLength, 34, tcpLength));
      return f;
    }
  }

  public static Tcp tcp(RandomGenerator random, int flags, int optionBytes, int payloadLength) {
    byte[] payload = new byte[payloadLength];
    random.nextBytes(payload);
    return new Tcp(
        0x02420a000103L,
        0x02420a000104L,
        0x0a000103,
        0x0a000104,
        random.nextInt(65_536),
        random.nextBoolean(),
        random.nextInt(),
        flags,
        optionBytes,
        payload);
  }

  public static byte[] udp(
      long sourceMac, long destinationMac, int source, int destination, int payloadLength) {
    byte[] f = new byte[42 + payloadLength];
    MemorySegment m = MemorySegment.ofArray(f);
    ipv4(m, sourceMac, destinationMac, source, destination, 17, 8 + payloadLength);
    Ipv4Header.updateChecksum(m, 14, 20);
    UdpHeader.initialize(m, 34, 1000, 2000, 8 + payloadLength);
    return f;
  }

  public static byte[] icmpEcho(
      long sourceMac, long destinationMac, int source, int destination, int type) {
    byte[] f = new byte[42];
    MemorySegment m = MemorySegment.ofArray(f);
    ipv4(m, sourceMac, destinationMac, source, destination, 1, 8);
    Ipv4Header.updateChecksum(m, 14, 20);
    f[34] = (byte) type;
    int sum = slowChecksum(f, 0, 0, 0, 34, 8);
    f[36] = (byte) (sum >>> 8);
    f[37] = (byte) sum;
    return f;
  }

  public static byte[] arp(int operation, long senderMac, int senderIp, int targetIp) {
    byte[] f = new byte[42];
    MemorySegment m = MemorySegment.ofArray(f);
    EthernetHeader.destination(m, 0, 0xffffffffffffL);
    EthernetHeader.source(m, 0, senderMac);
    EthernetHeader.etherType(m, 0, EthernetHeader.ETHERTYPE_ARP);
    ArpPacket.initialize(m, 14);
    ArpPacket.operation(m, 14, operation);
    ArpPacket.sender(m, 14, senderMac, senderIp);
    ArpPacket.target(m, 14, 0, targetIp);
    return f;
  }

  /**
   * A packet over IPv6 with these bytes behind its header; their checksum, of a protocol that has
   * one there, is not taken.
   */
  public static byte[] ipv6(
      long sourceMac,
      long destinationMac,
      String source,
      String destination,
      int nextHeader,
      byte... payload) {
    byte[] f = new byte[54 + payload.length];
    MemorySegment m = MemorySegment.ofArray(f);
    EthernetHeader.destination(m, 0, destinationMac);
    EthernetHeader.source(m, 0, sourceMac);
    EthernetHeader.etherType(m, 0, EthernetHeader.ETHERTYPE_IPV6);
    f[14] = 0x60;
    f[18] = (byte) (payload.length >> 8);
    f[19] = (byte) payload.length;
    f[20] = (byte) nextHeader;
    f[21] = (byte) 255;
    System.arraycopy(address(source), 0, f, 22, 16);
    System.arraycopy(address(destination), 0, f, 38, 16);
    System.arraycopy(payload, 0, f, 54, payload.length);
    return f;
  }

  /** As {@link #ipv6}, of ICMPv6 with its checksum. */
  public static byte[] icmpv6(
      long sourceMac, long destinationMac, String source, String destination, byte... message) {
    byte[] f = ipv6(sourceMac, destinationMac, source, destination, 58, message);
    int sum = slowChecksum(f, 22, 32, 58 + message.length, 54, message.length);
    f[56] = (byte) (sum >>> 8);
    f[57] = (byte) sum;
    return f;
  }

  /** The 16 bytes of an IPv6 address in words. */
  public static byte[] address(String ipv6) {
    try {
      return Inet6Address.ofLiteral(ipv6).getAddress();
    } catch (IllegalArgumentException e) {
      throw new AssertionError(ipv6, e);
    }
  }

  private static void ipv4(
      MemorySegment m,
      long sourceMac,
      long destinationMac,
      int source,
      int destination,
      int protocol,
      int length) {
    EthernetHeader.destination(m, 0, destinationMac);
    EthernetHeader.source(m, 0, sourceMac);
    EthernetHeader.etherType(m, 0, EthernetHeader.ETHERTYPE_IPV4);
    Ipv4Header.initialize(m, 14, 20);
    Ipv4Header.totalLength(m, 14, 20 + length);
    Ipv4Header.timeToLive(m, 14, 64);
    Ipv4Header.protocol(m, 14, protocol);
    Ipv4Header.source(m, 14, source);
    Ipv4Header.destination(m, 14, destination);
  }

  /**
   * The checksum as RFC 1071 section 1 says it, 16 bits at a time: over a pseudo header (bytes of
   * the frame, and a number for its other fields) and data.
   */
  public static int slowChecksum(
      byte[] f, int pseudoAt, int pseudoLength, int pseudoRest, int at, int length) {
    long sum = pseudoRest;
    for (int i = 0; i < pseudoLength; i += 2) {
      sum += (f[pseudoAt + i] & 0xff) << 8 | (f[pseudoAt + i + 1] & 0xff);
    }
    for (int i = 0; i < length; i += 2) {
      int low = i + 1 < length ? f[at + i + 1] & 0xff : 0;
      sum += (f[at + i] & 0xff) << 8 | low;
    }
    while (sum >>> 16 != 0) {
      sum = (sum & 0xffff) + (sum >>> 16);
    }
    return (int) ~sum & 0xffff;
  }
}
