package io.meshd.daemon.rest;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Docker's multiplexed stream (Engine API, "Attach", stream format):
 *
 * <pre>
 *   0        1       2       3       4                             8
 *   +--------+-------+-------+-------+-----------------------------+---------
 *   | stream |   0       0       0   | length, big-endian, 32 bits | payload
 *   +--------+-------+-------+-------+-----------------------------+---------
 *   stream: 1 stdout, 2 stderr
 * </pre>
 */
final class LogFrames {
  static final String CONTENT_TYPE = "application/vnd.docker.multiplexed-stream";
  private static final int HEADER = 8;
  private static final int STDOUT = 1;
  private static final int STDERR = 2;

  /** Longest payload that is taken from another node, in bytes. */
  private static final int MAX_PAYLOAD = 4 << 20;

  private LogFrames() {}

  /** A frame's content; the caller's own array. */
  @SuppressWarnings("ArrayRecordComponent")
  record Frame(boolean stderr, byte[] payload) {}

  /** One frame in one write. */
  static void write(OutputStream out, boolean stderr, byte[] payload, int length)
      throws IOException {
    byte[] frame =
        ByteBuffer.allocate(HEADER + length)
            .put(0, (byte) (stderr ? STDERR : STDOUT))
            .putInt(4, length)
            .put(HEADER, payload, 0, length)
            .array();
    out.write(frame);
  }

  /**
   * The next frame, or null at the end.
   *
   * @throws IOException when the stream breaks off or is not of this format
   */
  static @Nullable Frame read(InputStream in) throws IOException {
    byte[] header = in.readNBytes(HEADER);
    if (header.length == 0) {
      return null;
    }
    if (header.length < HEADER) {
      throw new EOFException("the node's log broke off");
    }
    int length = ByteBuffer.wrap(header).getInt(4);
    if ((header[0] != STDOUT && header[0] != STDERR) || length < 0 || length > MAX_PAYLOAD) {
      throw new IOException("the node's answer is no log");
    }
    byte[] payload = in.readNBytes(length);
    if (payload.length < length) {
      throw new EOFException("the node's log broke off");
    }
    return new Frame(header[0] == STDERR, payload);
  }
}
