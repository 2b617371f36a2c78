package io.meshd.daemon.containers;

import java.io.IOException;

/** The Engine was asked and says no; the message is its own. Asking again would not help. */
final class RefusedException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int status;

  /** {@code status}: of the Engine's answer. */
  RefusedException(int status, String message) {
    super(message);
    this.status = status;
  }

  boolean notFound() {
    return status == 404;
  }
}
