package io.meshd.daemon.raft;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.KryoException;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import io.atomix.protocols.raft.storage.log.entry.RaftLogEntry;
import io.atomix.utils.serializer.Namespace;
import io.meshd.daemon.disk.DataKeys;

/**
 * How an entry stands in a member's own log: its length and, sealed with the member's data key,
 * what {@link LogFormat#STORAGE} makes of it. Atomix' checksum is around it, so that a torn write
 * is found as before, and without a key.
 */
final class SealedEntry extends Serializer<RaftLogEntry> {
  private static final String KIND = "log entry";

  private final DataKeys keys;
  private final Namespace clear;

  SealedEntry(DataKeys keys, Namespace clear) {
    super(false, true);
    this.keys = keys;
    this.clear = clear;
  }

  @Override
  public void write(Kryo kryo, Output output, RaftLogEntry entry) {
    byte[] sealed = keys.seal(KIND, clear.serialize(entry));
    output.writeInt(sealed.length);
    output.writeBytes(sealed);
  }

  @Override
  public RaftLogEntry read(Kryo kryo, Input input, Class<RaftLogEntry> type) {
    int length = input.readInt();
    if (length < DataKeys.OVERHEAD_BYTES || length > Namespace.MAX_BUFFER_SIZE) {
      throw new KryoException("a sealed entry of " + length + " bytes");
    }
    byte[] opened;
    try {
      opened = keys.open(KIND, input.readBytes(length));
    } catch (IllegalArgumentException e) {
      throw new KryoException(e.getMessage(), e);
    }
    return clear.deserialize(opened);
  }
}
