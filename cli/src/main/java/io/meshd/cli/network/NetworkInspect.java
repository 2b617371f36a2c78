package io.meshd.cli.network;

import io.meshd.api.Paths;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.command.Inspecting;
import io.meshd.cli.format.Inspection;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.http.ApiClient;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "Display detailed information on one or more networks")
@Arguments(usage = "[OPTIONS] NETWORK [NETWORK...]", min = 1)
public final class NetworkInspect extends CliCommand {
  @Option(
      names = {"-f", "--format"},
      paramLabel = "string",
      description = "Format output using a custom template: json, or a Go template")
  @Nullable String format;

  @Option(
      names = {"-v", "--verbose"},
      description = "Verbose output for diagnostics")
  boolean verbose;

  @Override
  public int run() {
    Inspection inspection = new Inspection(format, null);
    StringBuilder errors = new StringBuilder();
    int code =
        Inspecting.each(
            arguments,
            errors,
            name ->
                inspection.add(
                    api()
                        .getTree(
                            Paths.NETWORKS
                                + "/"
                                + ApiClient.encode(name)
                                + (verbose ? "?verbose=true" : ""))));
    out().print(inspection.text());
    out().flush();
    session().err().print(errors);
    return code;
  }
}
