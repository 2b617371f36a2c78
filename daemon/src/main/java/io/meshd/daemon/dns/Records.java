package io.meshd.daemon.dns;

import java.util.List;

/** What stands behind a name of ours. A name has records of one kind only. */
sealed interface Records {

  /**
   * A records (RFC 1035), and where the zone has IPv6 an AAAA record (RFC 3596) beside each; none
   * of them is possible: the name is there, nobody is behind it.
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody, read by the responder's loop
  record Addresses(int[] addresses) implements Records {}

  /** A PTR record (RFC 1035). */
  record Pointer(DomainName target) implements Records {}

  /** SRV records (RFC 2782). */
  record Ports(List<Port> ports) implements Records {}

  /**
   * One of several places of a service.
   *
   * @param address of {@code target}, told along
   */
  record Port(int port, DomainName target, int address) {}
}
