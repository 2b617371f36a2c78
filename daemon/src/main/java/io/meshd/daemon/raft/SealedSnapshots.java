package io.meshd.daemon.raft;

import io.atomix.protocols.raft.storage.RaftStorage;
import io.atomix.protocols.raft.storage.snapshot.Snapshot;
import io.atomix.protocols.raft.storage.snapshot.SnapshotDescriptor;
import io.atomix.protocols.raft.storage.snapshot.SnapshotReader;
import io.atomix.protocols.raft.storage.snapshot.SnapshotStore;
import io.atomix.protocols.raft.storage.snapshot.SnapshotWriter;
import io.atomix.storage.StorageException;
import io.atomix.storage.buffer.HeapBuffer;
import io.atomix.utils.time.WallClockTimestamp;
import io.meshd.daemon.disk.DataKeys;
import io.meshd.daemon.disk.DurableFiles;
import java.io.IOException;
import java.lang.ref.SoftReference;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Snapshots on the disk of a member, sealed with its data key, in files {@code
 * meshd-<index>.sealed}: index and time (8 bytes each) and the sealed rest. Above this, and between
 * members, a snapshot is what Atomix made. A file is there whole or not at all.
 */
final class SealedSnapshots extends SnapshotStore {
  private static final String SUFFIX = ".sealed";
  private static final int HEADER_BYTES = 16;

  private final RaftStorage storage;
  private final DataKeys keys;

  /** Seals also what an older version left in clear. */
  SealedSnapshots(RaftStorage storage, DataKeys keys) {
    sealClear(storage, keys);
    super(storage);
    this.storage = storage;
    this.keys = keys;
    try (DirectoryStream<Path> files =
        Files.newDirectoryStream(storage.directory().toPath(), "*" + SUFFIX)) {
      for (Path file : files) {
        completeSnapshot(read(file));
      }
    } catch (IOException e) {
      throw new StorageException(e);
    }
  }

  private static void sealClear(RaftStorage storage, DataKeys keys) {
    Snapshot clear = new SnapshotStore(storage).getCurrentSnapshot();
    if (clear == null) {
      return;
    }
    byte[] bytes;
    try (SnapshotReader reader = clear.openReader()) {
      bytes = new byte[reader.remaining()];
      reader.read(bytes);
    } catch (RuntimeException _) {
      return; // damaged: it stays, to be found so
    }
    write(storage, keys, clear.index(), clear.timestamp().unixTimestamp(), bytes);
    clear.delete();
  }

  private static void write(
      RaftStorage storage, DataKeys keys, long index, long time, byte[] bytes) {
    byte[] sealed = keys.seal(kind(index, time), bytes);
    ByteBuffer out =
        ByteBuffer.allocate(HEADER_BYTES + sealed.length).putLong(index).putLong(time).put(sealed);
    try {
      DurableFiles.write(file(storage, index), out.array());
    } catch (IOException e) {
      throw new StorageException(e);
    }
  }

  private static Path file(RaftStorage storage, long index) {
    return storage.directory().toPath().resolve(storage.prefix() + "-" + index + SUFFIX);
  }

  /** The header is sealed with the rest. */
  private static String kind(long index, long time) {
    return "snapshot " + index + " " + time;
  }

  private Snapshot read(Path file) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(Arrays.copyOf(Files.readAllBytes(file), HEADER_BYTES));
    return new Sealed(descriptor(in.getLong(), in.getLong()), file);
  }

  private static SnapshotDescriptor descriptor(long index, long time) {
    return SnapshotDescriptor.builder().withIndex(index).withTimestamp(time).build();
  }

  @Override
  public Snapshot newSnapshot(long index, WallClockTimestamp timestamp) {
    return new Sealed(descriptor(index, timestamp.unixTimestamp()), file(storage, index));
  }

  /** Written piece by piece into memory, and to the disk when it is complete. */
  private final class Sealed extends Snapshot {
    private final long time;
    private final Path file;
    private byte[] pending = new byte[0];
    private SoftReference<byte[]> opened = new SoftReference<>(null);

    Sealed(SnapshotDescriptor descriptor, Path file) {
      super(descriptor, SealedSnapshots.this);
      this.time = descriptor.timestamp();
      this.file = file;
    }

    @Override
    public synchronized SnapshotWriter openWriter() {
      return new SnapshotWriter(HeapBuffer.allocate(), this);
    }

    @Override
    protected synchronized void closeWriter(SnapshotWriter writer) {
      byte[] more = new byte[writer.buffer().position()];
      writer.buffer().flip().read(more);
      int before = pending.length;
      pending = Arrays.copyOf(pending, before + more.length);
      System.arraycopy(more, 0, pending, before, more.length);
    }

    @Override
    public Snapshot complete() {
      Snapshot newest = getCurrentSnapshot();
      if (newest != null && newest.index() >= index()) {
        // Its file may be this one's: it is neither written over nor deleted.
        return this;
      }
      synchronized (this) {
        write(storage, keys, index(), time, pending);
        pending = new byte[0];
      }
      return super.complete();
    }

    @Override
    public synchronized SnapshotReader openReader() {
      byte[] bytes = opened.get();
      if (bytes == null) {
        bytes = openedFile();
        opened = new SoftReference<>(bytes);
      }
      return new SnapshotReader(HeapBuffer.wrap(bytes), this);
    }

    private byte[] openedFile() {
      try {
        byte[] all = Files.readAllBytes(file);
        return keys.open(
            kind(index(), time),
            Arrays.copyOfRange(all, Math.min(HEADER_BYTES, all.length), all.length));
      } catch (IOException | IllegalArgumentException | DataKeys.UnknownKeyException e) {
        throw new StorageException(e);
      }
    }

    @Override
    public boolean isPersisted() {
      return true;
    }

    @Override
    public void delete() {
      try {
        Files.deleteIfExists(file);
      } catch (IOException e) {
        throw new StorageException(e);
      }
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return super.equals(other);
    }

    @Override
    public int hashCode() {
      return super.hashCode();
    }
  }
}
