package io.meshd.daemon.state;

import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * A state with what shows that it came back whole. Atomix stores no checksum of its own.
 *
 * <pre>
 *  0       4        8          12        16
 *  | "MSHD" | format | CRC-32C  | length  | JSON of the state (UTF-8) ...
 * </pre>
 *
 * All numbers big-endian; the CRC (RFC 3720) and the length are those of the JSON.
 */
final class Snapshot {
  private Snapshot() {}

  private static final int MAGIC = 0x4d534844;
  private static final int FORMAT = 1;
  private static final int HEADER_BYTES = 16;

  static byte[] write(ClusterState state) {
    byte[] json = StateCodec.encode(state);
    return ByteBuffer.allocate(HEADER_BYTES + json.length)
        .putInt(MAGIC)
        .putInt(FORMAT)
        .putInt(crc(json))
        .putInt(json.length)
        .put(json)
        .array();
  }

  /**
   * @throws SnapshotException when the bytes are not exactly what {@link #write} made
   */
  static ClusterState read(byte[] snapshot) {
    ByteBuffer buffer = ByteBuffer.wrap(snapshot);
    if (snapshot.length < HEADER_BYTES || buffer.getInt() != MAGIC) {
      throw new SnapshotException("the snapshot is no snapshot of a meshd state");
    }
    int format = buffer.getInt();
    if (format != FORMAT) {
      throw new SnapshotException(
          "the snapshot has format " + format + ", this meshd reads format " + FORMAT);
    }
    int crc = buffer.getInt();
    int length = buffer.getInt();
    if (length != buffer.remaining()) {
      throw new SnapshotException(
          "the snapshot holds " + buffer.remaining() + " bytes where " + length + " belong");
    }
    byte[] json = new byte[length];
    buffer.get(json);
    if (crc(json) != crc) {
      throw new SnapshotException("the snapshot is damaged: its checksum does not match");
    }
    try {
      return StateCodec.decode(json);
    } catch (UncheckedIOException e) {
      throw new SnapshotException("the snapshot holds no state", e);
    }
  }

  private static int crc(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }
}
