package io.meshd.cli.http;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Docker's multiplexed stream (Engine API, "Stream format").
 *
 * <pre>
 *   0        1        4                8
 *   +--------+--------+----------------+---------
 *   | stream | zero   | length, 32 bit | payload
 *   +--------+--------+----------------+---------
 * </pre>
 *
 * Streams: 1 standard output, 2 standard error, 3 an error of the daemon itself.
 */
public final class FrameReader {
  private static final int HEADER_LENGTH = 8;
  private static final int MAX_PAYLOAD = 16 * 1024 * 1024;

  private final InputStream in;

  public FrameReader(InputStream in) {
    this.in = in;
  }

  /** One frame; the payload belongs to the caller. */
  public static final class Frame {
    private final int stream;
    private final byte[] payload;

    Frame(int stream, byte[] payload) {
      this.stream = stream;
      this.payload = payload;
    }

    public int stream() {
      return stream;
    }

    public byte[] payload() {
      return payload;
    }
  }

  /** The next frame, or null at the end. */
  public @Nullable Frame next() throws IOException {
    byte[] header = in.readNBytes(HEADER_LENGTH);
    if (header.length == 0) {
      return null;
    }
    if (header.length < HEADER_LENGTH) {
      throw new EOFException("the stream ended inside a frame");
    }
    int length = ByteBuffer.wrap(header).getInt(4);
    if (header[0] < 0 || header[0] > 3 || length < 0 || length > MAX_PAYLOAD) {
      throw new IOException("Unrecognized input header: " + (header[0] & 0xff));
    }
    byte[] payload = in.readNBytes(length);
    if (payload.length < length) {
      throw new EOFException("the stream ended inside a frame");
    }
    return new Frame(header[0], payload);
  }
}
