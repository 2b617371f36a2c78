package io.meshd.daemon.raft;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * What this member has promised others, in the file {@code promises}: for whom it voted in which
 * term, and up to which entry of which term it has acknowledged the log to a leader. Atomix forgets
 * a vote when it learns who leads, and takes a log that ends early for one that was never longer.
 *
 * <p>Two records of 112 bytes are written in turn, so that a torn write leaves the one before:
 *
 * <pre>
 *  0          8       16      24      32          96        104
 *  +----------+-------+-------+-------+-----------+---------+--------+
 *  | sequence | index | term  | term  | candidate | unused  | CRC32C |
 *  |          | of the last   | of the| length,   |         |        |
 *  |          | acknowledged  | vote  | US-ASCII  |         |        |
 *  +----------+-------+-------+-------+-----------+---------+--------+
 * </pre>
 *
 * A vote is on the disk when it is given. An acknowledged entry is on the disk itself; its number
 * outlives the process at once and the machine within {@value SlotFile#FORCE_MILLIS} ms.
 */
final class Promises implements AutoCloseable {
  private static final int SLOT_BYTES = 112;
  private static final int CANDIDATE_OFFSET = 32;
  private static final int CANDIDATE_BYTES = 64;
  private static final int CHECKSUM_OFFSET = 104;

  private final SlotFile file;
  private long sequence;
  private long index;
  private long term;
  private long voteTerm;
  private String candidate = "";

  private Promises(FileChannel channel) throws IOException {
    this.file = new SlotFile(channel, SLOT_BYTES, "what this manager promises");
    for (int i = 0; i < 2; i++) {
      ByteBuffer in = file.read(i);
      if (!in.hasRemaining()
          && in.getLong(CHECKSUM_OFFSET) == checksum(in)
          && in.getLong(0) > sequence) {
        sequence = in.getLong(0);
        index = in.getLong(8);
        term = in.getLong(16);
        voteTerm = in.getLong(24);
        byte[] name = new byte[in.get(CANDIDATE_OFFSET)];
        in.get(CANDIDATE_OFFSET + 1, name);
        candidate = new String(name, StandardCharsets.US_ASCII);
      }
    }
  }

  /**
   * @throws DamagedLogException when there are promises and they cannot be read
   */
  static Promises open(Path folder) throws IOException {
    Path file = folder.resolve("promises");
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    Promises promises = new Promises(channel);
    if (promises.sequence == 0 && channel.size() >= SLOT_BYTES) {
      channel.close();
      throw new DamagedLogException("what this manager promised, in " + file + ", is damaged");
    }
    return promises;
  }

  /** The last entry that was acknowledged to a leader; 0 when none was. */
  synchronized long index() {
    return index;
  }

  /** The term of that entry. */
  synchronized long term() {
    return term;
  }

  /** Before an acknowledgement: a later leader may take back entries of an earlier one. */
  synchronized void acknowledge(long lastIndex, long lastTerm) throws IOException {
    if (file.closed() || (lastIndex == index && lastTerm == term)) {
      return;
    }
    index = lastIndex;
    term = lastTerm;
    write();
    file.forceSoon();
  }

  /** Whether the vote of that term is, or was, this candidate's. On the disk when it is. */
  synchronized boolean vote(long inTerm, String to) throws IOException {
    if (file.closed() || inTerm < voteTerm) {
      return false;
    }
    if (inTerm == voteTerm) {
      return to.equals(candidate);
    }
    voteTerm = inTerm;
    candidate = to;
    write();
    file.force();
    return true;
  }

  private void write() throws IOException {
    byte[] name =
        Arrays.copyOf(
            candidate.getBytes(StandardCharsets.US_ASCII),
            Math.min(candidate.length(), CANDIDATE_BYTES - 1));
    sequence++;
    ByteBuffer out =
        ByteBuffer.allocate(SLOT_BYTES)
            .putLong(0, sequence)
            .putLong(8, index)
            .putLong(16, term)
            .putLong(24, voteTerm)
            .put(CANDIDATE_OFFSET, (byte) name.length)
            .put(CANDIDATE_OFFSET + 1, name);
    out.putLong(CHECKSUM_OFFSET, checksum(out));
    file.write(sequence % 2, out);
  }

  @Override
  public synchronized void close() throws IOException {
    file.close();
  }

  private static long checksum(ByteBuffer slot) {
    CRC32C crc = new CRC32C();
    crc.update(slot.slice(0, CHECKSUM_OFFSET));
    return crc.getValue();
  }
}
