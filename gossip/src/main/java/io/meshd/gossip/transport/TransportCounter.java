package io.meshd.gossip.transport;

/** What is counted of sockets, by the word under which it is shown. Append only. */
public enum TransportCounter {
  DATAGRAMS_SENT,
  DATAGRAM_BYTES_SENT,
  DATAGRAMS_RECEIVED,
  DATAGRAM_BYTES_RECEIVED,
  /** The socket's buffer was full, or the kernel would not send. */
  DATAGRAMS_NOT_SENT,
  STREAMS_OPENED,
  STREAMS_ACCEPTED,
  STREAM_BYTES_SENT,
  STREAM_BYTES_RECEIVED,
  /** More streams at once than are allowed, from all or from one address. */
  STREAMS_TOO_MANY,
  STREAMS_TIMED_OUT,
  /** All streams together held too many bytes that were not understood yet. */
  STREAMS_OUT_OF_MEMORY,
  REFUSED_TRUNCATED,
  REFUSED_TOO_LARGE,
  REFUSED_TOO_DEEP,
  REFUSED_BAD_TYPE,
  REFUSED_BAD_FIELD,
  REFUSED_BAD_LABEL,
  REFUSED_BAD_CRC,
  REFUSED_BAD_COMPRESSION,
  REFUSED_NOT_DECRYPTED
}
