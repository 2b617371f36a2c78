package io.meshd.daemon.raft;

import io.atomix.protocols.raft.storage.log.RaftLog;
import io.atomix.protocols.raft.storage.log.entry.RaftLogEntry;
import io.atomix.storage.journal.SegmentedJournal;
import java.lang.reflect.Field;

/**
 * Makes a leader fsync an entry before it is committed. {@code withFlushOnCommit(true)} of Atomix
 * 3.1.12 never reaches the journal, whose writer would flush in {@code commit} if only its field
 * were set. The field is set here, once, before the server starts, and read back.
 */
final class DurableCommit {
  private DurableCommit() {}

  /**
   * @throws IllegalStateException when this Atomix is not the one that this is written for
   */
  static void enable(RaftLog log) {
    try {
      SegmentedJournal<RaftLogEntry> journal = journal(log);
      Field flushField = SegmentedJournal.class.getDeclaredField("flushOnCommit");
      flushField.setAccessible(true);
      flushField.setBoolean(journal, true);
      if (!flushField.getBoolean(journal)) {
        throw new IllegalStateException("the Raft journal does not take flushOnCommit");
      }
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("the Raft journal has no flushOnCommit", e);
    }
  }

  /**
   * @throws IllegalStateException when this Atomix is not the one that this is written for
   */
  @SuppressWarnings("unchecked") // as RaftLog declares the field
  static SegmentedJournal<RaftLogEntry> journal(RaftLog log) {
    try {
      Field field = RaftLog.class.getDeclaredField("journal");
      field.setAccessible(true);
      return (SegmentedJournal<RaftLogEntry>) field.get(log);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("the Raft log has no journal", e);
    }
  }
}
