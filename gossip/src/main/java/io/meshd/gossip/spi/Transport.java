package io.meshd.gossip.spi;

import io.meshd.gossip.wire.Address;
import io.meshd.gossip.wire.StreamMessage;
import java.util.List;

/** Packets and streams to other nodes; labels, checksums and encryption are its own affair. */
public interface Transport {
  /**
   * Sends one packet; whether it arrives nobody says.
   *
   * @param messages each encoded; together at most {@link #room}, see there
   * @param crc whether the receiver reads checksums
   */
  void send(Address to, List<byte[]> messages, boolean crc);

  /**
   * Bytes of messages that one packet holds, when each counts {@link #MESSAGE_OVERHEAD_BYTES} more
   * than its length.
   */
  int room();

  /** What a message in a packet of several costs beside itself. */
  int MESSAGE_OVERHEAD_BYTES = 2;

  /**
   * Opens a stream, asks and hands over the answer on the core's thread; the answer is called once,
   * whatever happens.
   *
   * @param timeoutNanos for all of it
   */
  void request(Address to, StreamMessage request, long timeoutNanos, Answer answer);

  /** What becomes of a request. */
  interface Answer {
    void received(StreamMessage answer);

    /** In words: timed out, malformed. */
    void failed(String reason);

    /** The machine answers, and says that nobody listens there. */
    default void refused() {
      failed("connection refused");
    }
  }
}
