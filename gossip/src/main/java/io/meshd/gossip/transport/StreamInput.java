package io.meshd.gossip.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * What a connection receives, for a parser that blocks on a virtual thread. Filled by the event
 * loop one read at a time: the next is asked for when the parser has used the last, so that a
 * connection never holds more than one read's bytes here.
 */
final class StreamInput extends InputStream {
  private static final byte[] END = new byte[0];

  private final Channel channel;
  private final BlockingQueue<byte[]> reads = new LinkedBlockingQueue<>();
  private byte[] current = END;
  private int position;
  private boolean ended;
  private volatile @Nullable String trouble;

  StreamInput(Channel channel) {
    this.channel = channel;
  }

  /** On the event loop. The buffer stays the caller's. */
  void received(ByteBuf bytes) {
    if (bytes.isReadable()) {
      byte[] copy = new byte[bytes.readableBytes()];
      bytes.readBytes(copy);
      reads.add(copy);
    }
  }

  /**
   * On the event loop: nothing more comes.
   *
   * @param trouble why, or null when the peer closed
   */
  void end(@Nullable String trouble) {
    if (trouble != null) {
      this.trouble = trouble;
    }
    reads.add(END);
  }

  private boolean fill() throws IOException {
    while (!ended && position == current.length) {
      if (reads.isEmpty()) {
        channel.read();
      }
      try {
        current = reads.take();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
      position = 0;
      ended = current.length == 0;
    }
    String reason = trouble;
    if (ended && reason != null) {
      throw new EOFException(reason);
    }
    return !ended;
  }

  @Override
  public int read() throws IOException {
    return fill() ? current[position++] & 0xff : -1;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (!fill()) {
      return -1;
    }
    int count = Math.min(length, current.length - position);
    System.arraycopy(current, position, into, offset, count);
    position += count;
    return count;
  }
}
