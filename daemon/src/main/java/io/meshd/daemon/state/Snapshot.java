package io.meshd.daemon.state;

import io.meshd.daemon.raft.ReplicatedLog;
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
 * All numbers big-endian; the CRC (RFC 3720) is that of the format and the JSON, the length that of
 * the JSON. The format is a {@link CommandFormat}: what was in the log is in the state.
 */
final class Snapshot {
  private Snapshot() {}

  private static final int MAGIC = 0x4d534844;
  private static final int HEADER_BYTES = 16;

  static byte[] write(ClusterState state) {
    byte[] json = StateCodec.encode(state);
    // What all managers know: nothing later can be in the state.
    int format = Math.min(CommandFormat.agreed(state), CommandFormat.CURRENT);
    return ByteBuffer.allocate(HEADER_BYTES + json.length)
        .putInt(MAGIC)
        .putInt(format)
        .putInt(crc(format, json))
        .putInt(json.length)
        .put(json)
        .array();
  }

  /**
   * @throws SnapshotException when the bytes are not exactly what {@link #write} made
   * @throws ReplicatedLog.LaterFormatException when a later version made them
   */
  static ClusterState read(byte[] snapshot) {
    ByteBuffer buffer = ByteBuffer.wrap(snapshot);
    if (snapshot.length < HEADER_BYTES || buffer.getInt() != MAGIC) {
      throw new SnapshotException("the snapshot is no snapshot of a meshd state");
    }
    int format = buffer.getInt();
    int crc = buffer.getInt();
    int length = buffer.getInt();
    if (length != buffer.remaining()) {
      throw new SnapshotException(
          "the snapshot holds " + buffer.remaining() + " bytes where " + length + " belong");
    }
    byte[] json = new byte[length];
    buffer.get(json);
    if (crc(format, json) != crc) {
      throw new SnapshotException("the snapshot is damaged: its checksum does not match");
    }
    CommandFormat.requireKnown("the snapshot of the cluster's state", format);
    try {
      return StateCodec.decode(json);
    } catch (UncheckedIOException e) {
      throw new SnapshotException("the snapshot holds no state", e);
    }
  }

  private static int crc(int format, byte[] json) {
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, format));
    crc.update(json);
    return (int) crc.getValue();
  }
}
