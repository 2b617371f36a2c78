package io.meshd.api.http;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** The chunked transfer coding (RFC 9112 section 7.1), trailers skipped. */
final class ChunkedInput extends InputStream {
  private final InputStream in;
  private long left;
  private boolean first = true;
  private boolean ended;

  ChunkedInput(InputStream in) {
    this.in = in;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (left == 0 && !nextChunk()) {
      return -1;
    }
    int count = in.read(into, offset, (int) Math.min(length, left));
    if (count < 0) {
      throw new EOFException("the daemon closed the connection in the middle of an answer");
    }
    left -= count;
    return count;
  }

  private boolean nextChunk() throws IOException {
    if (ended) {
      return false;
    }
    if (!first) {
      UnixHttp.readLine(in);
    }
    first = false;
    String size = UnixHttp.readLine(in).split(";", 2)[0].trim();
    if (!size.matches("[0-9a-fA-F]{1,8}")) {
      throw new IOException("malformed HTTP response: chunk size " + size);
    }
    left = Long.parseLong(size, 16);
    if (left == 0) {
      ended = true;
      String trailer;
      do {
        trailer = UnixHttp.readLine(in);
      } while (!trailer.isEmpty());
    }
    return !ended;
  }
}
