package io.meshd.daemon.dns;

import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponseCode;
import org.jspecify.annotations.Nullable;

/**
 * The one door for messages from askers. Every index is checked before it is used.
 *
 * <pre>
 *  0      2       4        6        8        10       12
 * +------+-------+--------+--------+--------+--------+----------------------------------+
 * |  ID  | flags | QDCOUNT| ANCOUNT| NSCOUNT| ARCOUNT| question | additional: one OPT    |
 * +------+-------+--------+--------+--------+--------+----------------------------------+
 * question: QNAME QTYPE QCLASS          (RFC 1035 section 4.1.2)
 * OPT:      0 41 SIZE RCODE VERSION DO.Z RDLEN RDATA      (RFC 6891 section 6.1.2)
 * </pre>
 */
final class QueryReader {
  static final int HEADER = 12;
  private static final int QUESTION_TAIL = 4;

  /** TYPE, CLASS, TTL, RDLENGTH. */
  private static final int RECORD_FIXED = 10;

  private static final int DNSSEC_OK = 0x8000;
  private static final int POINTER = 0xc0;

  private QueryReader() {}

  /**
   * Reads what is readable and moves no index.
   *
   * @return null for what nobody is to answer: no whole header, or itself a response
   */
  static @Nullable Query read(ByteBuf in) {
    int start = in.readerIndex();
    int end = in.writerIndex();
    if (end - start < HEADER) {
      return null;
    }
    int id = in.getUnsignedShort(start);
    int flags = in.getUnsignedShort(start + 2);
    if ((flags & Query.FLAG_RESPONSE) != 0) {
      return null;
    }
    if ((flags & Query.MASK_OPCODE) != 0) {
      return Query.failed(id, flags, DnsResponseCode.NOTIMP);
    }
    // One question, and nothing in the sections that only answers fill.
    if (in.getInt(start + 4) != 0x0001_0000 || in.getUnsignedShort(start + 8) != 0) {
      return Query.failed(id, flags, DnsResponseCode.FORMERR);
    }
    int question = start + HEADER;
    int nameEnd = endOfPlainName(in, question, end);
    if (nameEnd < 0 || nameEnd + QUESTION_TAIL > end) {
      return Query.failed(id, flags, DnsResponseCode.FORMERR);
    }
    int type = in.getUnsignedShort(nameEnd);
    if (type == DnsRecordType.OPT.intValue()) {
      return Query.failed(id, flags, DnsResponseCode.FORMERR);
    }
    int questionEnd = nameEnd + QUESTION_TAIL;
    byte[] raw = new byte[questionEnd - question];
    in.getBytes(question, raw);
    long options = options(in, questionEnd, end, in.getUnsignedShort(start + 10));
    if (options < -1) {
      return Query.failed(id, flags, DnsResponseCode.FORMERR);
    }
    boolean edns = options >= 0;
    boolean newer = edns && ((options >>> 16) & 0xff) != 0;
    return new Query(
        id,
        flags,
        raw,
        DomainName.read(in, question, nameEnd - question - 1),
        type,
        in.getUnsignedShort(nameEnd + 2),
        newer ? DnsResponseCode.BADVERS_OR_BADSIG : null,
        edns
            ? Math.clamp(options >>> 32, Query.PLAIN_UDP_SIZE, Query.LARGEST_UDP_SIZE)
            : Query.PLAIN_UDP_SIZE,
        edns,
        edns && (options & DNSSEC_OK) != 0);
  }

  /**
   * The OPT record among the additional ones, all of which must be whole and end with the message.
   *
   * @return its class in the upper half and its TTL in the lower; -1 without one; -2 for nonsense
   */
  private static long options(ByteBuf in, int at, int end, int count) {
    long found = -1;
    for (int i = 0; i < count; i++) {
      int fixed = endOfName(in, at, end);
      if (fixed < 0 || fixed + RECORD_FIXED > end) {
        return -2;
      }
      if (in.getUnsignedShort(fixed) == DnsRecordType.OPT.intValue()) {
        if (found >= 0 || fixed != at + 1) {
          return -2; // a second one, or not at the root
        }
        found = ((long) in.getUnsignedShort(fixed + 2) << 32) | in.getUnsignedInt(fixed + 4);
      }
      at = fixed + RECORD_FIXED + in.getUnsignedShort(fixed + 8);
      if (at > end) {
        return -2;
      }
    }
    return at == end ? found : -2;
  }

  /** Index after the root's zero of a name without pointers, or -1. */
  static int endOfPlainName(ByteBuf in, int start, int end) {
    int at = start;
    while (at < end) {
      int length = in.getUnsignedByte(at);
      if (length > DomainName.MAX_LABEL) {
        return -1;
      }
      at += length + 1;
      if (at - start > DomainName.MAX_LENGTH) {
        return -1;
      }
      if (length == 0) {
        return at;
      }
    }
    return -1;
  }

  /** Index after a name that may end in a pointer, which is not followed; or -1. */
  static int endOfName(ByteBuf in, int start, int end) {
    int at = start;
    while (at < end) {
      int length = in.getUnsignedByte(at);
      if (length >= POINTER) {
        return at + 2 <= end ? at + 2 : -1;
      }
      if (length > DomainName.MAX_LABEL) {
        return -1;
      }
      at += length + 1;
      if (at - start > DomainName.MAX_LENGTH) {
        return -1;
      }
      if (length == 0) {
        return at;
      }
    }
    return -1;
  }
}
