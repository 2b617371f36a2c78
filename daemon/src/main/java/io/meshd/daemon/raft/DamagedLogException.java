package io.meshd.daemon.raft;

import java.io.IOException;

/** A log that has not everything that this member has promised to keep, and why, in a sentence. */
final class DamagedLogException extends IOException {
  private static final long serialVersionUID = 1L;

  DamagedLogException(String message) {
    super(message);
  }
}
