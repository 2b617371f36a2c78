package io.meshd.testcluster;

/** How a command ended: its exit code and what it wrote, without the last line's end. */
record CommandResult(String command, int exitCode, String out, String err) {

  /** The output of a command that must have worked. */
  String orFail() {
    if (exitCode != 0) {
      throw new AssertionError(command + " ended with " + exitCode + "\n" + out + "\n" + err);
    }
    return out;
  }

  boolean ok() {
    return exitCode == 0;
  }
}
