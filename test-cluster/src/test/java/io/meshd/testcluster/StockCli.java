package io.meshd.testcluster;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The stock docker command line, on a node and against that node's meshd. */
record StockCli(Cluster cluster, String program) {
  private static final String SOCKET = "unix:///run/meshd/meshd.sock";

  /** Every docker of this machine: Debian's, and the one before it on the PATH. */
  static List<StockCli> all(Cluster cluster) {
    return Stream.of("/usr/local/bin/docker", "/usr/bin/docker")
        .filter(program -> Files.isExecutable(Path.of(program)))
        .map(program -> new StockCli(cluster, program))
        .toList();
  }

  CommandResult on(String node, String... args) {
    List<String> line = new ArrayList<>(List.of(program, "-H", SOCKET));
    line.addAll(List.of(args));
    return cluster.run(node, line.toArray(String[]::new));
  }

  /** What a command on the manager prints that must work. */
  String docker(String... args) {
    return on("n1", args).orFail();
  }

  /** What a command on the manager says that must not work. */
  String refused(String... args) {
    CommandResult result = on("n1", args);
    if (result.ok()) {
      throw new AssertionError(result.command() + " was not refused: " + result.out());
    }
    return result.err().strip();
  }

  /** Words of a shell on the manager, in which {@code docker} is this one. */
  CommandResult shell(String script) {
    return cluster.run(
        "n1", "sh", "-c", "docker() { " + program + " -H " + SOCKET + " \"$@\"; }\n" + script);
  }
}
