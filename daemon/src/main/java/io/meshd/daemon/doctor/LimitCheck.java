package io.meshd.daemon.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** How many descriptors the daemon may have, proc_pid_limits(5), and has. */
final class LimitCheck implements Check {
  private static final long LEAST = 8192;
  private static final int CLOSE_PERCENT = 80;
  private static final String MEND =
      "LimitNOFILE=1048576 in meshd.service, as it is in the package's, and restart meshd";

  @Override
  public String name() {
    return "limits";
  }

  @Override
  public void look(Subject subject, Notes notes) throws IOException {
    judge(limit(Files.readString(Path.of("/proc/self/limits"))), open(), notes);
  }

  private static long open() throws IOException {
    try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
      return descriptors.count();
    }
  }

  /**
   * @param limits the text of /proc/self/limits
   */
  static long limit(String limits) throws IOException {
    for (String line : limits.lines().toList()) {
      if (line.startsWith("Max open files")) {
        String soft = line.substring("Max open files".length()).strip().split("\\s+", 2)[0];
        return soft.equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(soft);
      }
    }
    throw new IOException("/proc/self/limits has no open files");
  }

  static void judge(long limit, long open, Notes notes) {
    if (open > limit / 100 * CLOSE_PERCENT) {
      notes.error(
          "%d of %d descriptors are in use: new connections will fail soon".formatted(open, limit),
          MEND);
    } else if (limit < LEAST) {
      notes.warning(
          "meshd may have %d descriptors; a connection to a published port takes two or more"
              .formatted(limit),
          MEND);
    } else {
      notes.ok("%d of %d descriptors".formatted(open, limit));
    }
  }
}
