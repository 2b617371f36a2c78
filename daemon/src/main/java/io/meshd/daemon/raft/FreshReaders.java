package io.meshd.daemon.raft;

import io.atomix.protocols.raft.RaftServer;
import io.atomix.protocols.raft.cluster.impl.RaftMemberContext;
import io.atomix.protocols.raft.impl.RaftContext;
import io.atomix.protocols.raft.storage.log.RaftLog;
import io.atomix.protocols.raft.storage.log.RaftLogReader;
import io.atomix.protocols.raft.storage.log.entry.RaftLogEntry;
import io.atomix.storage.journal.SegmentedJournal;
import io.atomix.storage.journal.SegmentedJournalReader;
import java.lang.reflect.Field;
import java.util.Collection;
import java.util.List;

/**
 * Lets all readers of a log read anew what they have read ahead, whenever some of the log has been
 * taken back or removed.
 *
 * <p>A reader of Atomix 3.1.12 keeps up to two of the longest entries' bytes, and the next entry,
 * of what lies ahead. When the log is truncated only those readers look again whose next entry is
 * one of those that were taken back: one that is further behind, as that of the state machine is
 * just after a start, goes on with the entries that are no more, and applies them; or, where those
 * that came in their place have other lengths, finds no entry at that place, and applies nothing
 * for ever. And when segments are removed a reader whose next entry would be the first of the
 * others stays in a closed file.
 *
 * <p>A leader opens a reader, with a file and a buffer, for each other member, and forgets it when
 * it leads no more; those are closed here.
 *
 * <p>The journal tells a truncation to readers that are beyond it, and a removal to those that are
 * before it. Of these two of them are always, and only pass it on. On the Raft thread, as all
 * readers are.
 */
final class FreshReaders extends SegmentedJournalReader<RaftLogEntry> {
  private final Collection<SegmentedJournalReader<RaftLogEntry>> readers;
  private final long place;

  private FreshReaders(
      SegmentedJournal<RaftLogEntry> journal,
      Collection<SegmentedJournalReader<RaftLogEntry>> readers,
      long place) {
    super(journal, Long.MIN_VALUE, Mode.ALL);
    this.readers = readers;
    this.place = place;
    // It reads nothing itself, and shall hold no file.
    super.close();
  }

  /** Once, before the server starts. */
  static void keep(RaftContext raft) {
    keep(raft.getLog());
    raft.addRoleChangeListener(
        role -> {
          if (role != RaftServer.Role.LEADER) {
            raft.getCluster().getRemoteMemberStates().forEach(FreshReaders::closeReader);
          }
        });
  }

  private static void closeReader(RaftMemberContext member) {
    RaftLogReader reader = member.getLogReader();
    if (reader != null) {
      reader.close();
    }
  }

  /**
   * Once, before the server starts.
   *
   * @throws IllegalStateException when this Atomix is not the one that this is written for
   */
  static void keep(RaftLog log) {
    try {
      SegmentedJournal<RaftLogEntry> journal = DurableCommit.journal(log);
      Field field = SegmentedJournal.class.getDeclaredField("readers");
      field.setAccessible(true);
      @SuppressWarnings("unchecked") // raw there
      var readers = (Collection<SegmentedJournalReader<RaftLogEntry>>) field.get(journal);
      readers.add(new FreshReaders(journal, readers, Long.MIN_VALUE));
      readers.add(new FreshReaders(journal, readers, Long.MAX_VALUE));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("the Raft journal has no readers", e);
    }
  }

  @Override
  public long getNextIndex() {
    return place;
  }

  @Override
  public void reset(long index) {
    for (var reader : List.copyOf(readers)) {
      if (!(reader instanceof FreshReaders)) {
        reader.reset(reader.getNextIndex());
      }
    }
  }
}
