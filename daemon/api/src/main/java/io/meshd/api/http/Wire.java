package io.meshd.api.http;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * Both directions of one connection. One thread may read while another writes; the streams of
 * {@code Channels} would hold one lock for both.
 */
public final class Wire implements Closeable {
  private final SocketChannel channel;

  Wire(SocketChannel channel) {
    this.channel = channel;
  }

  /** Writes all of the buffer. */
  public void write(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  /** Tells the other side that nothing more will come; reading goes on. */
  public void endOutput() throws IOException {
    channel.shutdownOutput();
  }

  InputStream input() {
    return new InputStream() {
      @Override
      public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
      }

      @Override
      public int read(byte[] into, int offset, int length) throws IOException {
        return length == 0 ? 0 : channel.read(ByteBuffer.wrap(into, offset, length));
      }
    };
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
