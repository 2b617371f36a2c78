package io.meshd.cli;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The options before the command: {@code meshctl [OPTIONS] COMMAND [ARG...]}. */
final class Globals {
  @Option(
      names = {"-H", "--host"},
      paramLabel = "string",
      description = "Daemon socket to connect to (unix:///path)")
  @Nullable String host;

  @Option(
      names = {"-v", "--version"},
      description = "Print version information and quit")
  boolean version;

  @Option(
      names = {"-h", "--help"},
      hidden = true)
  boolean help;

  @Parameters(arity = "0..*", hidden = true)
  List<String> words = new ArrayList<>();
}
