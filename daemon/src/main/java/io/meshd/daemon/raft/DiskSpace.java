package io.meshd.daemon.raft;

import java.io.File;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether there is room for the log: looked at anew each time (a system call of about a
 * microsecond), as a disk may fill up within milliseconds.
 */
final class DiskSpace {
  private static final Logger LOG = LoggerFactory.getLogger(DiskSpace.class);

  private final File folder;
  private final long needed;
  private final long least;
  private boolean room = true;

  /**
   * @param needed bytes that have to be free for more to be asked for
   * @param least bytes that have to be free for a write
   */
  DiskSpace(Path folder, long needed, long least) {
    this.folder = folder.toFile();
    this.needed = needed;
    this.least = least;
  }

  /** Whether a write could meet a full disk. */
  boolean isFull() {
    return folder.getUsableSpace() < least;
  }

  /** Whether anything may be asked for that ends in the log. */
  synchronized boolean hasRoom() {
    boolean enough = folder.getUsableSpace() >= needed;
    if (enough != room) {
      room = enough;
      if (enough) {
        LOG.info("there is room for the managers' log again in {}", folder);
      } else {
        LOG.error("{}: nothing more is taken into the log", words());
      }
    }
    return room;
  }

  /** For whoever asked for a change. */
  String words() {
    return "no space left for the managers' log in " + folder;
  }
}
