package io.meshd.daemon.raft;

import io.atomix.protocols.raft.storage.log.RaftLog;
import io.atomix.protocols.raft.storage.log.RaftLogWriter;
import io.atomix.protocols.raft.storage.log.entry.RaftLogEntry;
import io.atomix.storage.StorageException;
import io.atomix.storage.journal.Indexed;
import java.io.IOException;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Writes an entry only where there is room for all of it: Atomix does not look whether a write was
 * whole, and goes on behind half an entry, which no reader passes. {@link ServerRules} ask for room
 * earlier; whatever comes here nevertheless ends this member's part until its log is opened anew,
 * as an end of the process would.
 */
final class RoomyWriter extends RaftLogWriter {
  private final DiskSpace disk;
  private final Consumer<String> broke;

  /** {@code broke}: told that the log is to be opened anew. */
  RoomyWriter(RaftLog log, DiskSpace disk, Consumer<String> broke) {
    super(DurableCommit.journal(log).writer(), log);
    this.disk = disk;
    this.broke = broke;
  }

  @Override
  public <T extends RaftLogEntry> Indexed<T> append(T entry) {
    return written(() -> super.append(entry));
  }

  @Override
  public void append(Indexed<RaftLogEntry> entry) {
    written(
        () -> {
          super.append(entry);
          return entry;
        });
  }

  private <R> R written(Supplier<R> append) {
    if (disk.isFull()) {
      broke.accept(disk.words());
      throw new StorageException(disk.words());
    }
    try {
      return append.get();
    } catch (StorageException e) {
      if (e.getCause() instanceof IOException) {
        broke.accept("an entry was not written whole: " + e.getCause().getMessage());
      }
      throw e;
    }
  }
}
