package io.meshd.daemon.dns;

import io.meshd.ipam.Ipv6;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponseCode;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Answers from zones, written into the buffer as they go out. One per event loop.
 *
 * <p>What is ours, and so is never asked outside: every name of the asker's zones; names of one
 * label, for all types that a host or a service is looked up with (a network has no top-level
 * domains in it, and {@code ping nobody} is to fail at once, also where no resolver answers);
 * {@code _port._proto} below a name of ours; and the reverse names of the zones' subnets, of both
 * families. Negative answers carry no SOA, so that nobody keeps them (RFC 2308 section 5): a
 * service that comes is seen at once.
 */
final class Responder {
  /** Seconds that an answer may be kept. */
  static final int TTL = 2;

  /** Pointer to the question's name, which follows the header (RFC 1035 section 4.1.4). */
  private static final int QUESTION_NAME = 0xc000 | QueryReader.HEADER;

  private static final int ADDRESS_RECORD = 16;
  private static final int IPV6_RECORD = 28;
  private static final int OPT_RECORD = 11;
  private static final int TYPE_SVCB = 64; // RFC 9460
  private static final int TYPE_HTTPS = 65;

  private final DnsCounters counters;
  private final SplittableRandom random = new SplittableRandom();
  private int[] shuffled = new int[64];

  Responder(DnsCounters counters) {
    this.counters = counters;
  }

  /**
   * Writes the answer, or nothing when somebody outside has to be asked.
   *
   * @param asker null for one that is not known
   * @param limit bytes that the message may have
   * @return false when nothing was written
   */
  boolean answer(Query query, @Nullable Asker asker, int limit, ByteBuf out) {
    DnsResponseCode failure = query.failure();
    if (failure != null) {
      counters.count(
          failure.equals(DnsResponseCode.FORMERR)
              ? DnsCounter.MALFORMED
              : DnsCounter.NOT_IMPLEMENTED);
      write(query, failure, false, out);
      return true;
    }
    if (asker == null || !allowed(query)) {
      counters.count(DnsCounter.REFUSED);
      write(query, DnsResponseCode.REFUSED, false, out);
      return true;
    }
    Ipv6 reversed = Reverse.ipv6(query.name());
    for (Zone zone : asker.zones()) {
      Records records = reversed == null ? zone.find(query.name()) : zone.pointer(reversed);
      if (records != null) {
        write(query, zone, records, limit, out);
        return true;
      }
    }
    if (ours(query, asker)
        || (reversed != null && asker.zones().stream().anyMatch(z -> z.contains(reversed)))) {
      counters.count(DnsCounter.NO_SUCH_NAME);
      write(query, DnsResponseCode.NXDOMAIN, true, out);
      return true;
    }
    if (!query.recursionDesired()) {
      counters.count(DnsCounter.REFUSED);
      write(query, DnsResponseCode.REFUSED, false, out);
      return true;
    }
    return false;
  }

  /** Not another class than the Internet's, and no copies of zones. */
  private static boolean allowed(Query query) {
    return (query.recordClass() == DnsRecord.CLASS_IN || query.recordClass() == DnsRecord.CLASS_ANY)
        && query.type() != DnsRecordType.AXFR.intValue()
        && query.type() != DnsRecordType.IXFR.intValue();
  }

  private static boolean ours(Query query, Asker asker) {
    DomainName name = query.name();
    int labels = name.labels();
    if (labels == 1) {
      return namesAHost(query.type());
    }
    if (labels > 2 && name.isServiceName()) {
      DomainName service = name.without(2);
      return service != null
          && (service.labels() == 1
              || asker.zones().stream().anyMatch(zone -> zone.find(service) != null));
    }
    Integer address = Reverse.address(name);
    return address != null && asker.zones().stream().anyMatch(zone -> zone.contains(address));
  }

  /** Types that somebody asks who wants to reach a host: all but those about zones themselves. */
  private static boolean namesAHost(int type) {
    return type == DnsRecordType.A.intValue()
        || type == DnsRecordType.AAAA.intValue()
        || type == DnsRecordType.ANY.intValue()
        || type == DnsRecordType.CNAME.intValue()
        || type == DnsRecordType.MX.intValue()
        || type == DnsRecordType.TXT.intValue()
        || type == DnsRecordType.PTR.intValue()
        || type == DnsRecordType.SRV.intValue()
        || type == TYPE_SVCB
        || type == TYPE_HTTPS;
  }

  /** A message with no records but OPT. */
  void write(Query query, DnsResponseCode code, boolean authoritative, ByteBuf out) {
    header(query, code.intValue(), authoritative, out);
    options(query, code.intValue(), out);
  }

  /** A message that says: come again over TCP. */
  void writeTruncated(Query query, DnsResponseCode code, ByteBuf out) {
    counters.count(DnsCounter.TRUNCATED);
    header(query, code.intValue(), false, out);
    out.setShort(2, out.getUnsignedShort(2) | Query.FLAG_TRUNCATED);
    options(query, code.intValue(), out);
  }

  private void write(Query query, Zone zone, Records records, int limit, ByteBuf out) {
    header(query, DnsResponseCode.NOERROR.intValue(), true, out);
    int room = limit - (query.edns() ? OPT_RECORD : 0);
    boolean any = query.type() == DnsRecordType.ANY.intValue();
    int wanted = 0;
    int written = 0;
    switch (records) {
      case Records.Addresses(int[] addresses) -> {
        if (any || query.type() == DnsRecordType.A.intValue()) {
          wanted = addresses.length;
          written = Math.min(wanted, (room - out.writerIndex()) / ADDRESS_RECORD);
          addresses(addresses, written, null, out);
        }
        if (zone.hasIpv6() && (any || query.type() == DnsRecordType.AAAA.intValue())) {
          int fit = Math.max(0, room - out.writerIndex()) / IPV6_RECORD;
          int count = Math.min(addresses.length, fit);
          addresses(addresses, count, zone, out);
          wanted += addresses.length;
          written += count;
        }
      }
      case Records.Pointer(DomainName target) -> {
        if (any || query.type() == DnsRecordType.PTR.intValue()) {
          wanted = 1;
          written = 1;
          record(DnsRecordType.PTR, target.length(), out);
          target.write(out);
        }
      }
      case Records.Ports(List<Records.Port> ports) -> {
        if (any || query.type() == DnsRecordType.SRV.intValue()) {
          wanted = ports.size();
          written = ports(ports, room, out);
        }
      }
    }
    out.setShort(6, written);
    counters.count(wanted == 0 ? DnsCounter.ANSWERED_EMPTY : DnsCounter.ANSWERED);
    if (written < wanted) {
      // What fits is told nevertheless: many small resolvers never come again.
      counters.count(DnsCounter.TRUNCATED);
      out.setShort(2, out.getUnsignedShort(2) | Query.FLAG_TRUNCATED);
    }
    options(query, 0, out);
  }

  /** {@code ipv6}: whose AAAA records are wanted, or null for A. */
  private void addresses(int[] addresses, int count, @Nullable Zone ipv6, ByteBuf out) {
    if (shuffled.length < addresses.length) {
      shuffled = new int[addresses.length];
    }
    System.arraycopy(addresses, 0, shuffled, 0, addresses.length);
    // The first steps of Fisher and Yates: a fair choice of as many as fit.
    for (int i = 0; i < count; i++) {
      int other = i + random.nextInt(addresses.length - i);
      int address = shuffled[other];
      shuffled[other] = shuffled[i];
      shuffled[i] = address;
      if (ipv6 == null) {
        address(address, out);
      } else {
        address(ipv6.ipv6Of(address), out);
      }
    }
  }

  private static void address(Ipv6 address, ByteBuf out) {
    record(DnsRecordType.AAAA, 16, out);
    out.writeLong(address.high()).writeLong(address.low());
  }

  private static void address(int address, ByteBuf out) {
    record(DnsRecordType.A, 4, out);
    out.writeInt(address);
  }

  private static void record(DnsRecordType type, int length, ByteBuf out) {
    out.writeShort(QUESTION_NAME)
        .writeShort(type.intValue())
        .writeShort(DnsRecord.CLASS_IN)
        .writeInt(TTL)
        .writeShort(length);
  }

  /** SRV records, each with its target's address told along (RFC 2782). */
  private static int ports(List<Records.Port> ports, int room, ByteBuf out) {
    Records.Port[] all = ports.toArray(Records.Port[]::new);
    int written = 0;
    int[] targets = new int[all.length];
    for (Records.Port port : all) {
      int length = 6 + port.target().length();
      if (out.writerIndex() + 12 + length + ADDRESS_RECORD > room) {
        break;
      }
      record(DnsRecordType.SRV, length, out);
      out.writeShort(0).writeShort(0).writeShort(port.port()); // priority, weight, port
      targets[written++] = out.writerIndex();
      port.target().write(out);
    }
    int told = 0;
    for (Records.Port port : Arrays.copyOf(all, written)) {
      // A pointer reaches the first 16 KiB only.
      if (targets[told] > 0x3fff || out.writerIndex() + ADDRESS_RECORD > room) {
        break;
      }
      out.writeShort(0xc000 | targets[told++])
          .writeShort(DnsRecordType.A.intValue())
          .writeShort(DnsRecord.CLASS_IN)
          .writeInt(TTL)
          .writeShort(4)
          .writeInt(port.address());
    }
    out.setShort(10, told);
    return written;
  }

  private static void header(Query query, int code, boolean authoritative, ByteBuf out) {
    int flags =
        Query.FLAG_RESPONSE
            | Query.FLAG_RECURSION_AVAILABLE
            | (query.flags()
                & (Query.MASK_OPCODE | Query.FLAG_RECURSION_DESIRED | Query.FLAG_CHECKING_DISABLED))
            | (authoritative ? Query.FLAG_AUTHORITATIVE : 0)
            | (code & Query.MASK_RCODE);
    out.writeShort(query.id())
        .writeShort(flags)
        .writeShort(query.question().length == 0 ? 0 : 1)
        .writeShort(0)
        .writeInt(0)
        .writeBytes(query.question());
  }

  private static void options(Query query, int code, ByteBuf out) {
    if (!query.edns()) {
      return;
    }
    out.writeByte(0)
        .writeShort(DnsRecordType.OPT.intValue())
        .writeShort(Query.LARGEST_UDP_SIZE)
        .writeByte(code >>> 4)
        .writeByte(0)
        .writeShort(query.dnssecOk() ? 0x8000 : 0)
        .writeShort(0);
    out.setShort(10, out.getUnsignedShort(10) + 1);
  }
}
