package io.meshd.daemon.state;

/**
 * A snapshot that must not be used: damaged, cut short, or of a format this version cannot read.
 */
public final class SnapshotException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  SnapshotException(String message) {
    super(message);
  }

  SnapshotException(String message, Throwable cause) {
    super(message, cause);
  }
}
