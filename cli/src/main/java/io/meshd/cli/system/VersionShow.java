package io.meshd.cli.system;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Paths;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.format.Inspection;
import io.meshd.cli.grammar.Arguments;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "Show the meshd version information")
@Arguments(usage = "[OPTIONS]", max = 0)
public final class VersionShow extends CliCommand {
  @Option(
      names = {"-f", "--format"},
      paramLabel = "string",
      description = "Format output using a custom template: json, or a Go template")
  @Nullable String format;

  @Override
  public int run() {
    JsonNode version = api().getTree(Paths.VERSION);
    if (format != null && !format.isEmpty()) {
      Inspection inspection = new Inspection(format, null);
      inspection.add(version);
      out().print(inspection.text());
      return 0;
    }
    out().println("Server: meshd");
    out().println(" Version:          " + version.path("Version").asText());
    out()
        .printf(
            " API version:      %s (minimum version %s)%n",
            version.path("ApiVersion").asText(), version.path("MinAPIVersion").asText());
    out()
        .printf(
            " OS/Arch:          %s/%s%n",
            version.path("Os").asText(), version.path("Arch").asText());
    out().println(" Kernel version:   " + version.path("KernelVersion").asText());
    return 0;
  }
}
