package io.meshd.daemon.linux;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Kernel settings of a network namespace, by path below /proc/sys/net. */
public final class Sysctls {
  private Sysctls() {}

  /**
   * Writes all of them, in one process.
   *
   * @param values for example {@code ipv4/ip_forward} to {@code 1}
   * @throws LinuxException with every setting that failed
   */
  public static void apply(@Nullable Path netns, Map<String, String> values) throws IOException {
    List<String> command = new ArrayList<>(NetworkNamespaces.enter(netns));
    command.addAll(List.of("/bin/sh", "-s"));
    StringBuilder script = new StringBuilder();
    values.forEach(
        (name, value) ->
            script
                .append("echo '")
                .append(value)
                .append("' > /proc/sys/net/")
                .append(name)
                .append('\n'));
    ToolRun run = ToolRun.run(command, script.toString());
    if (!run.err().isBlank()) {
      throw new LinuxException(run.err().lines().map(String::strip).toList());
    }
    if (run.exit() != 0) {
      throw new LinuxException(List.of("setting kernel parameters: exit code " + run.exit()));
    }
  }
}
