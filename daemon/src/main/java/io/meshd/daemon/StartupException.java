package io.meshd.daemon;

import java.io.Serial;

/** Why meshd cannot start, in one plain sentence for standard error; exit code 1. */
public final class StartupException extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  public StartupException(String sentence) {
    super(sentence);
  }
}
