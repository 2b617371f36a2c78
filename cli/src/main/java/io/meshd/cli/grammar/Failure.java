package io.meshd.cli.grammar;

/** Ends the command: the text goes to standard error as it is, the code is the process's. */
public class Failure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int exitCode;

  public Failure(String text) {
    this(text, 1);
  }

  public Failure(String text, int exitCode) {
    super(text, null, false, false);
    this.exitCode = exitCode;
  }

  /** What is printed; one sentence, or several lines for usage errors. */
  public String text() {
    return String.valueOf(getMessage());
  }

  public int exitCode() {
    return exitCode;
  }
}
