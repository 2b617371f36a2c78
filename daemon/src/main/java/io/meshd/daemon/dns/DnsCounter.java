package io.meshd.daemon.dns;

/**
 * What the name server counts. Every query ends in exactly one of the answers, the refusals or the
 * drops. Append only: names are read by scripts.
 */
enum DnsCounter {
  QUERIES_UDP("dns.queries.udp"),
  QUERIES_TCP("dns.queries.tcp"),

  /** Answers from our zones with at least one record. */
  ANSWERED("dns.answers.data"),
  /** NOERROR without records: the name is ours, but has nothing of the type. */
  ANSWERED_EMPTY("dns.answers.nodata"),
  /** NXDOMAIN for what would be ours. */
  NO_SUCH_NAME("dns.answers.nxdomain"),
  /** Answers, of whatever kind, that did not fit: TC is set, the asker comes again over TCP. */
  TRUNCATED("dns.answers.truncated"),
  /** Answers from the node's resolvers or from what was kept of them. */
  ANSWERED_OUTSIDE("dns.answers.outside"),

  /** REFUSED: the asker is no endpoint of the network, or asks what nobody may. */
  REFUSED("dns.refused"),
  /** FORMERR: not a query as RFC 1035 and RFC 6891 have it. */
  MALFORMED("dns.malformed"),
  /** NOTIMP or BADVERS: an operation or an EDNS version that is not known here. */
  NOT_IMPLEMENTED("dns.not_implemented"),

  /** No answer: too short for a header, or itself a response. */
  DROPPED_NO_QUERY("dns.dropped.no_query"),
  /** No answer: the socket takes no more. */
  DROPPED_BUSY("dns.dropped.busy"),
  /** No answer: the connection ended before. */
  DROPPED_GONE("dns.dropped.gone"),
  /** TCP connections closed at once: too many of them. */
  TCP_REJECTED("dns.tcp.rejected"),

  /** Questions that went out to a resolver; a retry counts again. */
  FORWARDED("dns.forward.sent"),
  /** Outside questions answered from what was kept. */
  FORWARD_CACHED("dns.forward.cached"),
  /** Outside questions that waited for the same one of somebody else. */
  FORWARD_JOINED("dns.forward.joined"),
  /** Tries at a resolver without an answer in time. */
  FORWARD_TIMEOUT("dns.forward.timeout"),
  /** Answers of a resolver that were no answer to what was asked. */
  FORWARD_BAD_ANSWER("dns.forward.bad_answer"),
  /** SERVFAIL: no resolver answered, or there is none. */
  FORWARD_FAILED("dns.forward.failed"),
  /** SERVFAIL: too many questions are waiting. */
  FORWARD_OVERFLOW("dns.forward.overflow"),

  /** Attempts to listen on an address that failed; they are repeated. */
  BIND_FAILED("dns.bind_failed");

  private final String label;

  DnsCounter(String label) {
    this.label = label;
  }

  /** The dotted name under which the value is shown. */
  String label() {
    return label;
  }
}
