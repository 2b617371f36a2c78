package io.meshd.dataplane.offload;

import java.lang.foreign.MemorySegment;

/**
 * A frame that is cut for the wire: each piece has headers of its own and a part of the payload.
 */
public interface Pieces {

  /** Bytes of headers of every piece, from the Ethernet header on. */
  int headersLength();

  /** Where the payload of a piece lies in the frame's memory. */
  long payloadAt(int piece);

  int payloadLength(int piece);

  /** Writes the {@link #headersLength} bytes of headers of a piece. */
  void writeHeaders(int piece, MemorySegment to, long toAt);
}
