package io.meshd.daemon.dns;

import io.netty.handler.codec.dns.DnsResponseCode;
import org.jspecify.annotations.Nullable;

/**
 * A query as it came.
 *
 * @param flags the header's second 16 bits
 * @param question the question section as it was sent, for the answer
 * @param name in lower case
 * @param failure what the message is answered with instead, or null where it can be read
 * @param udpSize the largest answer that the asker takes over UDP, 512 without EDNS
 * @param edns whether an OPT record is there (RFC 6891)
 * @param dnssecOk the OPT record's DO bit
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody, changed by nobody
record Query(
    int id,
    int flags,
    byte[] question,
    DomainName name,
    int type,
    int recordClass,
    @Nullable DnsResponseCode failure,
    int udpSize,
    boolean edns,
    boolean dnssecOk) {

  /** RFC 1035 section 4.2.1. */
  static final int PLAIN_UDP_SIZE = 512;

  /** What passes every link here in one piece, and what dnsflagday.net settled on. */
  static final int LARGEST_UDP_SIZE = 1232;

  static final int FLAG_RESPONSE = 0x8000;
  static final int FLAG_AUTHORITATIVE = 0x0400;
  static final int FLAG_TRUNCATED = 0x0200;
  static final int FLAG_RECURSION_DESIRED = 0x0100;
  static final int FLAG_RECURSION_AVAILABLE = 0x0080;
  static final int FLAG_CHECKING_DISABLED = 0x0010;
  static final int MASK_OPCODE = 0x7800;
  static final int MASK_RCODE = 0x000f;

  private static final byte[] NO_QUESTION = new byte[0];

  static Query failed(int id, int flags, DnsResponseCode failure) {
    return new Query(
        id, flags, NO_QUESTION, DomainName.ROOT, 0, 0, failure, PLAIN_UDP_SIZE, false, false);
  }

  boolean recursionDesired() {
    return (flags & FLAG_RECURSION_DESIRED) != 0;
  }

  boolean checkingDisabled() {
    return (flags & FLAG_CHECKING_DISABLED) != 0;
  }
}
