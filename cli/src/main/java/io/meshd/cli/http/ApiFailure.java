package io.meshd.cli.http;

import io.meshd.cli.grammar.Failure;

/** The daemon refused: printed as {@code Error response from daemon: MESSAGE}. */
public final class ApiFailure extends Failure {
  private static final long serialVersionUID = 1L;

  private final int status;

  ApiFailure(int status, String message) {
    super("Error response from daemon: " + message);
    this.status = status;
  }

  public boolean notFound() {
    return status == 404;
  }
}
