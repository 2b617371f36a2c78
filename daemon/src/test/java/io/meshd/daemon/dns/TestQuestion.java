package io.meshd.daemon.dns;

import io.meshd.ipam.Ipv6;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.DatagramPacket;
import io.netty.handler.codec.dns.AbstractDnsOptPseudoRrRecord;
import io.netty.handler.codec.dns.DatagramDnsQuery;
import io.netty.handler.codec.dns.DatagramDnsQueryEncoder;
import io.netty.handler.codec.dns.DatagramDnsResponseDecoder;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DnsPtrRecord;
import io.netty.handler.codec.dns.DnsRawRecord;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.handler.codec.dns.DnsSection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A question put to a responder by Netty's own DNS codec, and the answer as that reads it. */
record TestQuestion(String name, DnsRecordType type, int ednsSize) {
  static final InetSocketAddress HERE = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
  static final int ID = 0x1234;

  static TestQuestion of(String name, DnsRecordType type) {
    return new TestQuestion(name, type, 0);
  }

  byte[] bytes() {
    DatagramDnsQuery query = new DatagramDnsQuery(HERE, HERE, ID);
    query.setRecursionDesired(true);
    query.addRecord(DnsSection.QUESTION, new DefaultDnsQuestion(name, type));
    if (ednsSize > 0) {
      query.addRecord(DnsSection.ADDITIONAL, new AbstractDnsOptPseudoRrRecord(ednsSize, 0, 0) {});
    }
    EmbeddedChannel channel = new EmbeddedChannel(new DatagramDnsQueryEncoder());
    channel.writeOutbound(query);
    DatagramPacket packet = channel.readOutbound();
    byte[] bytes = new byte[packet.content().readableBytes()];
    packet.content().readBytes(bytes);
    packet.release();
    return bytes;
  }

  /** {@code addresses}: sorted. {@code code}: as NXDOMAIN, or OUTSIDE where nothing is answered. */
  record Answer(
      String code,
      boolean authoritative,
      boolean truncated,
      List<String> addresses,
      List<String> pointers,
      List<String> ports,
      long ttl) {}

  Answer ask(@Nullable Asker asker) {
    ByteBuf in = Unpooled.wrappedBuffer(bytes());
    Query query = QueryReader.read(in);
    if (query == null) {
      throw new AssertionError("not read: " + this);
    }
    ByteBuf out = Unpooled.buffer();
    Responder responder = new Responder(new DnsCounters());
    if (!responder.answer(query, asker, query.udpSize(), out)) {
      return new Answer("OUTSIDE", false, false, List.of(), List.of(), List.of(), 0);
    }
    if (out.readableBytes() > query.udpSize()) {
      throw new AssertionError("longer than asked for: " + out.readableBytes());
    }
    return decode(out);
  }

  static Answer decode(ByteBuf message) {
    EmbeddedChannel channel = new EmbeddedChannel(new DatagramDnsResponseDecoder());
    channel.writeInbound(new DatagramPacket(message, HERE, HERE));
    DnsResponse response = channel.readInbound();
    List<String> addresses = new ArrayList<>();
    List<String> pointers = new ArrayList<>();
    List<String> ports = new ArrayList<>();
    long ttl = -1;
    for (int i = 0; i < response.count(DnsSection.ANSWER); i++) {
      DnsRecord record = response.recordAt(DnsSection.ANSWER, i);
      ttl = record.timeToLive();
      if (record instanceof DnsPtrRecord pointer) {
        pointers.add(pointer.hostname());
      } else if (record instanceof DnsRawRecord raw && record.type().equals(DnsRecordType.A)) {
        addresses.add(dotted(raw.content()));
      } else if (record instanceof DnsRawRecord raw && record.type().equals(DnsRecordType.AAAA)) {
        addresses.add(new Ipv6(raw.content().readLong(), raw.content().readLong()).toString());
      } else if (record instanceof DnsRawRecord raw) {
        ByteBuf data = raw.content().skipBytes(4);
        int port = data.readUnsignedShort();
        int length = data.readableBytes() - 1;
        ports.add(DomainName.read(data, data.readerIndex(), length) + ":" + port);
      }
    }
    addresses.sort(null);
    ports.sort(null);
    Answer answer =
        new Answer(
            response.code().toString().replaceFirst("\\(.*", "").toUpperCase(Locale.ROOT),
            response.isAuthoritativeAnswer(),
            response.isTruncated(),
            addresses,
            pointers,
            ports,
            ttl);
    ((io.netty.util.ReferenceCounted) response).release();
    return answer;
  }

  private static String dotted(ByteBuf address) {
    return address.readUnsignedByte()
        + "."
        + address.readUnsignedByte()
        + "."
        + address.readUnsignedByte()
        + "."
        + address.readUnsignedByte();
  }
}
