package io.meshd.daemon.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** Blocking writes onto a channel: a writer waits while the channel's buffer is above its mark. */
final class WriteGate {

  private final Channel channel;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  WriteGate(Channel channel) {
    this.channel = channel;
  }

  /** The channel's writability or its being open changed. */
  void signal() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Waits for room.
   *
   * @throws IOException when the peer has gone
   */
  void await() throws IOException {
    lock.lock();
    try {
      while (channel.isActive() && !channel.isWritable()) {
        changed.await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while writing");
    } finally {
      lock.unlock();
    }
    if (!channel.isActive()) {
      throw new IOException("the peer has closed the connection");
    }
  }

  /** Queues a message and sends it; a failed write ends the connection. */
  void send(Object message) {
    channel.writeAndFlush(message).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
  }

  /** Closes once everything queued is sent. */
  void end() {
    channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
  }

  /** A copy of the caller's bytes, as they may be reused after the write. */
  static ByteBuf copy(byte[] bytes, int offset, int length) {
    return Unpooled.copiedBuffer(bytes, offset, length);
  }
}
