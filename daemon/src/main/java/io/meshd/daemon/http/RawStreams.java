package io.meshd.daemon.http;

import static io.netty.channel.ChannelFutureListener.CLOSE_ON_FAILURE;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * An upgraded connection as two blocking streams. What has come in and was not read yet is held up
 * to {@link #MAX_PENDING} bytes; beyond, the channel is not read. The input ends when the peer
 * closes its side; closing the output closes the connection.
 */
final class RawStreams extends ChannelInboundHandlerAdapter {

  private static final int MAX_PENDING = 256 << 10;
  private static final int REFUSED_SECONDS = 10;

  private final Channel channel;
  private final WriteGate gate;
  private final Runnable onGone;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition arrived = lock.newCondition();
  private final Deque<byte[]> pending = new ArrayDeque<>();
  private int pendingBytes;
  private int headOffset;
  private boolean ended;
  private boolean refused;

  RawStreams(Channel channel, WriteGate gate, Runnable onGone) {
    this.channel = channel;
    this.gate = gate;
    this.onGone = onGone;
  }

  /** Our side is done; the peer may go on. */
  void endOutput() {
    if (channel instanceof DuplexChannel duplex) {
      channel
          .writeAndFlush(Unpooled.EMPTY_BUFFER)
          .addListener(_ -> duplex.shutdownOutput().addListener(CLOSE_ON_FAILURE));
    } else {
      gate.end();
    }
  }

  /**
   * Sends an answer to what nobody is going to read. The peer may be in the middle of its request:
   * the rest is taken off the wire for a while, so that it gets to read the answer.
   */
  void refuse(byte[] head, byte[] body) {
    lock.lock();
    try {
      refused = true;
      pending.clear();
      pendingBytes = 0;
    } finally {
      lock.unlock();
    }
    channel.config().setAutoRead(true);
    gate.send(Unpooled.wrappedBuffer(head, body));
    endOutput();
    channel.eventLoop().execute(this::endRefused);
    var _ = channel.eventLoop().schedule(gate::end, REFUSED_SECONDS, TimeUnit.SECONDS);
  }

  private void endRefused() {
    if (refused && ended) {
      gate.end();
    }
  }

  InputStream input() {
    return new Input();
  }

  OutputStream output() {
    return new Output();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    if (!(message instanceof ByteBuf buffer)) {
      context.fireChannelRead(message);
      return;
    }
    byte[] bytes = new byte[buffer.readableBytes()];
    buffer.readBytes(bytes).release();
    if (bytes.length == 0) {
      return;
    }
    lock.lock();
    try {
      if (refused) {
        return;
      }
      pending.add(bytes);
      pendingBytes += bytes.length;
      if (pendingBytes > MAX_PENDING) {
        channel.config().setAutoRead(false);
      }
      arrived.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) {
    if (event instanceof ChannelInputShutdownEvent) {
      end();
      endRefused();
    }
    context.fireUserEventTriggered(event);
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    gate.signal();
    context.fireChannelWritabilityChanged();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    end();
    gate.signal();
    onGone.run();
    context.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    gate.end();
  }

  private void end() {
    lock.lock();
    try {
      ended = true;
      arrived.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private final class Input extends InputStream {

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      Objects.checkFromIndexSize(offset, length, bytes.length);
      if (length == 0) {
        return 0;
      }
      lock.lock();
      try {
        byte[] head = awaitHead();
        if (head == null) {
          return -1;
        }
        int count = Math.min(length, head.length - headOffset);
        System.arraycopy(head, headOffset, bytes, offset, count);
        headOffset += count;
        pendingBytes -= count;
        if (headOffset == head.length) {
          pending.remove();
          headOffset = 0;
        }
        if (pendingBytes <= MAX_PENDING / 2 && !channel.config().isAutoRead()) {
          channel.config().setAutoRead(true);
        }
        return count;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while reading");
      } finally {
        lock.unlock();
      }
    }

    private byte @Nullable [] awaitHead() throws InterruptedException {
      while (pending.isEmpty() && !ended) {
        arrived.await();
      }
      return pending.peek();
    }

    @Override
    public int available() {
      lock.lock();
      try {
        return pendingBytes;
      } finally {
        lock.unlock();
      }
    }
  }

  private final class Output extends OutputStream {

    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      gate.await();
      gate.send(WriteGate.copy(bytes, offset, length));
    }

    @Override
    public void close() {
      gate.end();
    }
  }
}
