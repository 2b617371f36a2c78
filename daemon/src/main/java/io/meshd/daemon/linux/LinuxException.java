package io.meshd.daemon.linux;

import java.io.IOException;
import java.util.List;

/** Changes that the kernel refused: every one of them, in words, with the line that failed. */
public final class LinuxException extends IOException {
  private static final long serialVersionUID = 1L;

  @SuppressWarnings("serial") // always an immutable list of the JDK
  private final List<String> problems;

  public LinuxException(List<String> problems) {
    super(String.join("; ", problems));
    this.problems = List.copyOf(problems);
  }

  public List<String> problems() {
    return problems;
  }
}
