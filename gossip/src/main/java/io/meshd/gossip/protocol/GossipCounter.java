package io.meshd.gossip.protocol;

/** What is counted, by the word under which it is shown. Append only. */
public enum GossipCounter {
  PACKETS_SENT,
  PACKETS_RECEIVED,
  PROBES,
  /** No ack in half a second; others were asked. */
  PROBES_LATE,
  PROBES_FAILED,
  /** The member answers streams but no packets. */
  PROBES_BY_STREAM_ONLY,
  PINGS_FOR_ANOTHER_NAME,
  /** Pings on behalf of others that would have been too many at once. */
  RELAYED_PINGS_REFUSED,
  EXCHANGES,
  EXCHANGES_FAILED,
  EXCHANGES_ANSWERED,
  /** Bytes of the layer above that it could not read. */
  BAD_PAYLOADS,
  /** serf's own messages, which concern only serf's agents. */
  FOREIGN_MESSAGES,
  /** A record of a topic that this node has not. */
  RECORDS_NOT_SUBSCRIBED,
  /** A record of an owner's run that is over. */
  RECORDS_OF_AN_OLDER_RUN,
  RECORDS_KNOWN,
  RECORDS_APPLIED,
  /** A record came before the one that precedes it. */
  RECORD_GAPS,
  PULLS,
  PULLS_FAILED,
  /** Two nodes had different records under the same version. */
  DIGEST_MISMATCHES,
  /** Somebody had records of ours that we did not write in this run. */
  OUTBID
}
