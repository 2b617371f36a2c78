package io.meshd.daemon.raft;

import io.atomix.protocols.raft.protocol.InstallRequest;
import java.io.ByteArrayOutputStream;

/**
 * A snapshot that a leader sends piece by piece, checked as a whole before Atomix puts it in the
 * place of what is here: it has no checksum of its own there. On the Raft thread.
 */
final class ArrivingSnapshot {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private long index;
  private long term;
  private int next;

  /** False for the last piece of one that is damaged, or of which pieces are missing. */
  boolean isSound(InstallRequest request) {
    if (request.chunkOffset() == 0) {
      bytes.reset();
      index = request.snapshotIndex();
      term = request.term();
      next = 0;
    }
    boolean follows =
        request.snapshotIndex() == index && request.term() == term && request.chunkOffset() == next;
    if (follows) {
      bytes.writeBytes(request.data());
      next++;
    }
    if (!request.complete()) {
      return true;
    }
    boolean sound = follows && SnapshotFrame.isIn(bytes.toByteArray());
    bytes.reset();
    next = -1;
    return sound;
  }
}
