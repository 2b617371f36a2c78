package io.meshd.daemon.raft;

import io.atomix.protocols.raft.impl.RaftContext;
import io.atomix.protocols.raft.storage.log.RaftLogReader;
import io.atomix.protocols.raft.storage.snapshot.Snapshot;
import io.atomix.storage.journal.JournalSegmentDescriptor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What is looked at before a log is used: that nothing acknowledged is missing. Atomix itself reads
 * up to the first damaged entry and takes that for the end.
 */
final class LogCheck {
  private LogCheck() {}

  /** Also: the log without a damaged entry in it, from the first or the snapshot to the last. */
  static void requireComplete(RaftContext raft, long acknowledged, Path directory)
      throws IOException {
    Snapshot snapshot = raft.getSnapshotStore().getCurrentSnapshot();
    long base = snapshot == null ? 0 : snapshot.index();
    long last = raft.getLogWriter().getLastIndex();
    if (Math.max(last, base) < acknowledged) {
      throw new IOException(
          "the Raft log in "
              + directory
              + " ends at entry "
              + Math.max(last, base)
              + ", but entry "
              + acknowledged
              + " was acknowledged: the log is damaged");
    }
    try (RaftLogReader reader = raft.getLog().openReader(1, RaftLogReader.Mode.ALL)) {
      long first = reader.getFirstIndex();
      if (first > base + 1) {
        throw new IOException(
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
        throw new IOException(
            "the Raft log in " + directory + " is damaged after entry " + reached);
      }
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
