package io.meshd.daemon.raft;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The index of the last entry that was acknowledged, beside the log. A journal ends, for Atomix, at
 * the first entry whose checksum is wrong; only this number tells that there was more.
 *
 * <p>Written before each acknowledgement, which outlives the process; forced to the disk within
 * {@value #FORCE_MILLIS} ms, off the way of the acknowledgement. The entry itself is on disk before
 * the mark names it, so the mark is never ahead of a healthy log. Two slots of 16 bytes (index, and
 * CRC32C of it) are written in turn, so that a torn write leaves the other.
 *
 * <p>The open file carries a lock: one process per log.
 */
final class AcknowledgedMark implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AcknowledgedMark.class);
  private static final int SLOT_BYTES = 16;
  private static final int FORCE_MILLIS = 200;
  private static final Executor LATER =
      CompletableFuture.delayedExecutor(
          FORCE_MILLIS, TimeUnit.MILLISECONDS, Thread.ofVirtual()::start);

  private final FileChannel channel;
  private long index;
  private int slot;
  private boolean forcing;
  private boolean closed;

  private AcknowledgedMark(FileChannel channel) throws IOException {
    this.channel = channel;
    for (int i = 0; i < 2; i++) {
      ByteBuffer in = ByteBuffer.allocate(SLOT_BYTES);
      channel.read(in, (long) i * SLOT_BYTES);
      if (!in.hasRemaining() && in.getLong(8) == checksum(in.getLong(0)) && in.getLong(0) > index) {
        index = in.getLong(0);
        slot = i;
      }
    }
  }

  /**
   * @throws IOException in words when another process has the log open
   */
  static AcknowledgedMark open(Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      FileLock lock = channel.tryLock();
      if (lock != null) {
        return new AcknowledgedMark(channel);
      }
    } catch (OverlappingFileLockException e) {
      LOG.debug("locked by this process", e);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    channel.close();
    throw new IOException("another process uses the Raft log in " + file.getParent());
  }

  /** 0 when nothing was acknowledged yet. */
  synchronized long index() {
    return index;
  }

  /** Smaller indexes than the known one are replays and change nothing. */
  synchronized void raise(long to) throws IOException {
    if (to <= index || closed) {
      return;
    }
    int next = 1 - slot;
    ByteBuffer out = ByteBuffer.allocate(SLOT_BYTES).putLong(to).putLong(checksum(to)).flip();
    channel.write(out, (long) next * SLOT_BYTES);
    index = to;
    slot = next;
    if (!forcing) {
      forcing = true;
      LATER.execute(this::force);
    }
  }

  private void force() {
    synchronized (this) {
      forcing = false;
      if (closed) {
        return;
      }
    }
    try {
      channel.force(false);
    } catch (IOException e) {
      LOG.error("The mark of acknowledged entries could not be written: {}", e.getMessage());
    }
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

  private static long checksum(long index) {
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.allocate(8).putLong(index).flip());
    return crc.getValue();
  }
}
