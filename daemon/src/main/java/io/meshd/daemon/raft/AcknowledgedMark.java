package io.meshd.daemon.raft;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The index of the last entry that was acknowledged, beside the log. A journal ends, for Atomix, at
 * the first entry whose checksum is wrong; only this number tells that there was more.
 *
 * <p>Written before each acknowledgement, which outlives the process; forced to the disk within
 * {@value SlotFile#FORCE_MILLIS} ms, off the way of the acknowledgement. The entry itself is on
 * disk before the mark names it, so the mark is never ahead of a healthy log. Two slots of 16 bytes
 * (index, and CRC32C of it) are written in turn, so that a torn write leaves the other.
 *
 * <p>The open file carries a lock: one process per log.
 */
final class AcknowledgedMark implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AcknowledgedMark.class);
  private static final int SLOT_BYTES = 16;

  private final SlotFile file;
  private long index;
  private int slot;

  private AcknowledgedMark(FileChannel channel) throws IOException {
    this.file = new SlotFile(channel, SLOT_BYTES, "the mark of acknowledged entries");
    for (int i = 0; i < 2; i++) {
      ByteBuffer in = file.read(i);
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
    if (to <= index || file.closed()) {
      return;
    }
    int next = 1 - slot;
    ByteBuffer out = ByteBuffer.allocate(SLOT_BYTES).putLong(to).putLong(checksum(to)).flip();
    file.write(next, out);
    index = to;
    slot = next;
    file.forceSoon();
  }

  @Override
  public synchronized void close() throws IOException {
    file.close();
  }

  private static long checksum(long index) {
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.allocate(8).putLong(index).flip());
    return crc.getValue();
  }
}
