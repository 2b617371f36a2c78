package io.meshd.daemon.raft;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Two records that are written in turn, so that a torn write leaves the one before. What is written
 * outlives the process at once, and the machine within {@value #FORCE_MILLIS} ms ({@link
 * #forceSoon}) or at once ({@link #force}).
 */
final class SlotFile implements AutoCloseable {
  static final int FORCE_MILLIS = 200;

  private static final Logger LOG = LoggerFactory.getLogger(SlotFile.class);
  private static final Executor LATER =
      CompletableFuture.delayedExecutor(
          FORCE_MILLIS, TimeUnit.MILLISECONDS, Thread.ofVirtual()::start);

  private final FileChannel channel;
  private final int slotBytes;
  private final String what;
  private boolean forcing;
  private boolean closed;

  /**
   * @param channel this file's alone from here on
   * @param what it holds, for words to users
   */
  SlotFile(FileChannel channel, int slotBytes, String what) {
    this.channel = channel;
    this.slotBytes = slotBytes;
    this.what = what;
  }

  /** Slot 0 or 1, with room left in it where the file is shorter. */
  ByteBuffer read(long slot) throws IOException {
    ByteBuffer in = ByteBuffer.allocate(slotBytes);
    channel.read(in, slot * slotBytes);
    return in;
  }

  /**
   * @throws IOException also where the disk is full
   */
  void write(long slot, ByteBuffer record) throws IOException {
    if (channel.write(record, slot * slotBytes) < slotBytes) {
      throw new IOException("no space for " + what);
    }
  }

  void force() throws IOException {
    channel.force(false);
  }

  synchronized void forceSoon() {
    if (!forcing && !closed) {
      forcing = true;
      LATER.execute(this::forceNow);
    }
  }

  private void forceNow() {
    synchronized (this) {
      forcing = false;
      if (closed) {
        return;
      }
    }
    try {
      force();
    } catch (IOException e) {
      LOG.error("{} could not be forced to the disk: {}", what, e.getMessage());
    }
  }

  synchronized boolean closed() {
    return closed;
  }

  @Override
  public void close() throws IOException {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    try (channel) {
      channel.force(false);
    }
  }
}
