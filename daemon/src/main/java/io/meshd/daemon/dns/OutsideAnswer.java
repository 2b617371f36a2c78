package io.meshd.daemon.dns;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.dns.DnsRecordType;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a resolver of the node answered, checked from its first byte to its last and fit to be given
 * to others who ask the same.
 */
final class OutsideAnswer {
  /** Kept no longer than this, whatever the answer allows: seconds. */
  private static final int LONGEST_TTL = 3600;

  private static final int LONGEST_NEGATIVE_TTL = 60;

  private final byte[] message;
  private final int[] ttlOffsets;
  private final int ttl;
  private final long at;

  private OutsideAnswer(byte[] message, int[] ttlOffsets, int ttl, long at) {
    this.message = message;
    this.ttlOffsets = ttlOffsets;
    this.ttl = ttl;
    this.at = at;
  }

  /**
   * @param query what was asked
   * @param id under which it was asked
   * @param now {@link System#nanoTime}
   * @return null for anything but a whole answer to it
   */
  static @Nullable OutsideAnswer read(byte[] message, Query query, int id, long now) {
    ByteBuf in = Unpooled.wrappedBuffer(message);
    int question = QueryReader.HEADER;
    if (message.length < question + query.question().length
        || in.getUnsignedShort(0) != id
        || (in.getUnsignedShort(2) & Query.FLAG_RESPONSE) == 0
        || in.getUnsignedShort(4) != 1) {
      return null;
    }
    int nameEnd = QueryReader.endOfPlainName(in, question, message.length);
    int at = question + query.question().length;
    if (nameEnd != at - 4
        || !DomainName.read(in, question, nameEnd - question - 1).equals(query.name())
        || in.getUnsignedShort(nameEnd) != query.type()
        || in.getUnsignedShort(nameEnd + 2) != query.recordClass()) {
      return null;
    }
    int answers = in.getUnsignedShort(6);
    int authorities = in.getUnsignedShort(8);
    int count = answers + authorities + in.getUnsignedShort(10);
    int[] ttls = new int[Math.min(count, message.length / 11)];
    int known = 0;
    long least = LONGEST_TTL;
    long negative = 0;
    for (int i = 0; i < count; i++) {
      int fixed = QueryReader.endOfName(in, at, message.length);
      if (fixed < 0 || fixed + 10 > message.length) {
        return null;
      }
      int type = in.getUnsignedShort(fixed);
      int end = fixed + 10 + in.getUnsignedShort(fixed + 8);
      if (end > message.length) {
        return null;
      }
      if (type != DnsRecordType.OPT.intValue()) {
        // A TTL with its highest bit set is 0 (RFC 2181 section 8).
        long ttl = Math.max(0, in.getInt(fixed + 4));
        ttls[known++] = fixed + 4;
        least = Math.min(least, ttl);
        if (type == DnsRecordType.SOA.intValue() && i >= answers && end - 4 > fixed + 10) {
          negative = Math.min(ttl, Math.max(0, in.getInt(end - 4))); // RFC 2308 section 5
        }
      }
      at = end;
    }
    if (at != message.length) {
      return null;
    }
    int code = in.getUnsignedShort(2) & Query.MASK_RCODE;
    boolean positive = code == 0 && answers > 0;
    boolean lasting = (code == 0 || code == 3) && (in.getUnsignedShort(2) & 0x0200) == 0;
    long ttl = positive ? least : Math.min(negative, LONGEST_NEGATIVE_TTL);
    return new OutsideAnswer(
        message, Arrays.copyOf(ttls, known), lasting ? Math.toIntExact(ttl) : 0, now);
  }

  int length() {
    return message.length;
  }

  /** RCODE, its lower four bits. */
  int code() {
    return message[3] & Query.MASK_RCODE;
  }

  boolean truncated() {
    return (message[2] & (Query.FLAG_TRUNCATED >>> 8)) != 0;
  }

  /** Whether it may still be given to others. */
  boolean fresh(long now) {
    return age(now) < ttl;
  }

  private long age(long now) {
    return TimeUnit.NANOSECONDS.toSeconds(now - at);
  }

  /** The answer to a query that asks the same, in the letters of that query. */
  void write(Query query, long now, ByteBuf out) {
    out.writeBytes(message);
    out.setShort(0, query.id());
    out.setBytes(QueryReader.HEADER, query.question());
    int kept = out.getUnsignedShort(2) & ~(Query.FLAG_AUTHORITATIVE | Query.FLAG_RECURSION_DESIRED);
    int asked = query.flags() & Query.FLAG_RECURSION_DESIRED;
    out.setShort(2, kept | asked | Query.FLAG_RECURSION_AVAILABLE);
    long age = age(now);
    if (age > 0) {
      for (int offset : ttlOffsets) {
        out.setInt(offset, (int) Math.max(0, Math.max(0, out.getInt(offset)) - age));
      }
    }
  }
}
