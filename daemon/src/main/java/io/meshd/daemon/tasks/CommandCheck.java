package io.meshd.daemon.tasks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Why a command cannot be started, in the words that Docker's users know, before it is tried. */
final class CommandCheck {
  static final String DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private CommandCheck() {}

  /**
   * @param env NAME=VALUE, with PATH
   * @throws IOException in words when there is no such program or folder
   */
  static void check(List<String> command, List<String> env, String directory) throws IOException {
    if (command.isEmpty() || command.getFirst().isEmpty()) {
      throw new IOException("no command specified");
    }
    if (!Files.isDirectory(Path.of(directory))) {
      throw new IOException(
          "chdir to cwd (\""
              + directory
              + "\") set in config.json failed: no such file or directory");
    }
    String program = command.getFirst();
    String exec = "exec: \"" + program + "\": ";
    if (program.indexOf('/') >= 0) {
      Path file = Path.of(directory).resolve(program);
      if (!Files.exists(file)) {
        throw new IOException(exec + "stat " + program + ": no such file or directory");
      }
      if (Files.isDirectory(file)) {
        throw new IOException(exec + "is a directory");
      }
      if (!Files.isExecutable(file)) {
        throw new IOException(exec + "permission denied");
      }
      return;
    }
    String path =
        env.stream()
            .filter(e -> e.startsWith("PATH="))
            .reduce((first, last) -> last)
            .map(e -> e.substring("PATH=".length()))
            .orElse(DEFAULT_PATH);
    for (String folder : path.split(":", -1)) {
      Path file = Path.of(directory).resolve(folder).resolve(program);
      if (Files.isRegularFile(file) && Files.isExecutable(file)) {
        return;
      }
    }
    throw new IOException(exec + "executable file not found in $PATH");
  }
}
