package io.meshd.daemon.raft;

import io.atomix.protocols.raft.impl.RaftContext;
import io.atomix.protocols.raft.storage.log.RaftLogReader;
import io.atomix.protocols.raft.storage.log.entry.RaftLogEntry;
import io.atomix.protocols.raft.storage.snapshot.Snapshot;
import io.atomix.protocols.raft.storage.snapshot.SnapshotReader;
import io.atomix.storage.journal.Indexed;
import io.atomix.storage.journal.JournalSegmentDescriptor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What is looked at before a log is used: that nothing acknowledged is missing. Atomix itself reads
 * up to the first damaged entry and takes that for the end, and a snapshot as it is.
 */
final class LogCheck {
  private LogCheck() {}

  /**
   * That the log reaches what was applied here ({@code applied}) and what was acknowledged to a
   * leader, goes through from the first entry or the snapshot to the last, and that the snapshot is
   * whole.
   */
  static void requireComplete(RaftContext raft, long applied, Promises promises, Path directory)
      throws IOException {
    Snapshot snapshot = raft.getSnapshotStore().getCurrentSnapshot();
    long base = snapshot == null ? 0 : snapshot.index();
    long last = raft.getLogWriter().getLastIndex();
    long end = Math.max(last, base);
    if (snapshot != null && !SnapshotFrame.isIn(bytes(snapshot))) {
      throw new DamagedLogException(
          "the Raft snapshot in " + directory + " cannot be used: it is damaged or cut short");
    }
    long acknowledged = Math.max(applied, isTakenBack(raft, promises) ? 0 : promises.index());
    if (end < acknowledged) {
      throw new DamagedLogException(
          "the Raft log in "
              + directory
              + " ends at entry "
              + end
              + ", but entry "
              + acknowledged
              + " was acknowledged: the log is damaged");
    }
    requireUnbroken(raft, base, last, directory);
  }

  /**
   * Entries that were acknowledged and not committed may have been replaced by a later leader's,
   * whose term the last entry then has.
   */
  private static boolean isTakenBack(RaftContext raft, Promises promises) {
    Indexed<RaftLogEntry> entry = raft.getLogWriter().getLastEntry();
    return entry != null && entry.entry().term() > promises.term();
  }

  private static void requireUnbroken(RaftContext raft, long base, long last, Path directory)
      throws IOException {
    try (RaftLogReader reader = raft.getLog().openReader(1, RaftLogReader.Mode.ALL)) {
      long first = reader.getFirstIndex();
      if (first > base + 1) {
        throw new DamagedLogException(
            "the Raft log in "
                + directory
                + " begins at entry "
                + first
                + " and there is no snapshot of what was before");
      }
      long reached = first - 1;
      while (reader.hasNext()) {
        reached = reader.next().index();
      }
      if (reached < last) {
        throw new DamagedLogException(
            "the Raft log in " + directory + " is damaged after entry " + reached);
      }
    }
  }

  private static byte[] bytes(Snapshot snapshot) {
    try (SnapshotReader reader = snapshot.openReader()) {
      byte[] bytes = new byte[reader.remaining()];
      reader.read(bytes);
      return bytes;
    } catch (RuntimeException _) {
      return new byte[0];
    }
  }

  /**
   * Removes segments whose making was cut short: full of zeros, so nothing was ever in them, but
   * Atomix cannot open them.
   */
  static void removeUnbegunSegments(Path directory) throws IOException {
    try (DirectoryStream<Path> segments = Files.newDirectoryStream(directory, "*.log")) {
      for (Path segment : segments) {
        ByteBuffer head = ByteBuffer.allocate(JournalSegmentDescriptor.BYTES);
        try (FileChannel channel = FileChannel.open(segment)) {
          while (head.hasRemaining() && channel.read(head) >= 0) {
            // until the header is whole or the file ends
          }
        }
        if (head.flip().mismatch(ByteBuffer.allocate(head.limit())) < 0) {
          Files.delete(segment);
        }
      }
    }
  }
}
