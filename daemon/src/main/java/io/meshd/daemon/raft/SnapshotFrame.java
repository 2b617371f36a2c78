package io.meshd.daemon.raft;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * A machine's state as it stands in a snapshot. Atomix keeps no checksum and swallows what a
 * restore throws, so a flipped byte would be a wrong state and a missing one an empty state.
 *
 * <pre>
 *  0        4         8               16       20       24
 *  +--------+---------+----------------+--------+--------+-----------
 *  | "MSNP" | version | index of the   | length | CRC32C | state ...
 *  |        |    1    | last entry     |        |        |
 *  +--------+---------+----------------+--------+--------+-----------
 * </pre>
 *
 * The checksum covers index, length and state.
 */
final class SnapshotFrame {
  private static final int MAGIC = 0x4d534e50;
  private static final int VERSION = 1;
  static final int HEADER_BYTES = 24;

  private final long index;
  private final byte[] state;

  /**
   * {@code index}: of the last entry that the state contains; {@code state} is kept, not copied.
   */
  SnapshotFrame(long index, byte[] state) {
    this.index = index;
    this.state = state;
  }

  long index() {
    return index;
  }

  byte[] state() {
    return state;
  }

  byte[] encode() {
    return ByteBuffer.allocate(HEADER_BYTES + state.length)
        .putInt(MAGIC)
        .putInt(VERSION)
        .putLong(index)
        .putInt(state.length)
        .putInt(checksum(index, state))
        .put(state)
        .array();
  }

  /** The length of the state that follows this header, so that a reader knows how much to read. */
  static int stateLength(byte[] header) {
    ByteBuffer in = ByteBuffer.wrap(header);
    int magic = in.getInt();
    int version = in.getInt();
    if (magic != MAGIC) {
      throw new IllegalArgumentException("the snapshot does not begin as one of meshd");
    }
    if (version != VERSION) {
      throw new IllegalArgumentException("the snapshot is of version " + version + ", known is 1");
    }
    int length = in.getInt(16);
    if (length < 0) {
      throw new IllegalArgumentException("the snapshot is damaged (length " + length + ")");
    }
    return length;
  }

  static SnapshotFrame decode(byte[] header, byte[] state) {
    ByteBuffer in = ByteBuffer.wrap(header);
    long index = in.getLong(8);
    if (in.getInt(20) != checksum(index, state)) {
      throw new IllegalArgumentException("the snapshot is damaged (checksum)");
    }
    return new SnapshotFrame(index, state);
  }

  /** Whether a whole frame stands somewhere in what Atomix wrote around it. */
  static boolean isIn(byte[] snapshot) {
    ByteBuffer in = ByteBuffer.wrap(snapshot);
    for (int at = 0; at + HEADER_BYTES <= snapshot.length; at++) {
      if (in.getInt(at) != MAGIC || in.getInt(at + 4) != VERSION) {
        continue;
      }
      int length = in.getInt(at + 16);
      if (length >= 0 && length <= snapshot.length - at - HEADER_BYTES) {
        CRC32C crc = new CRC32C();
        crc.update(snapshot, at + 8, 12);
        crc.update(snapshot, at + HEADER_BYTES, length);
        if ((int) crc.getValue() == in.getInt(at + 20)) {
          return true;
        }
      }
    }
    return false;
  }

  private static int checksum(long index, byte[] state) {
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.allocate(12).putLong(index).putInt(state.length).flip());
    crc.update(state);
    return (int) crc.getValue();
  }
}
