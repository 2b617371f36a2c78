package io.meshd.cli.system;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Paths;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.format.HumanText;
import io.meshd.cli.format.Inspection;
import io.meshd.cli.grammar.Arguments;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "Display system-wide information")
@Arguments(usage = "[OPTIONS]", max = 0)
public final class InfoShow extends CliCommand {
  @Option(
      names = {"-f", "--format"},
      paramLabel = "string",
      description = "Format output using a custom template: json, or a Go template")
  @Nullable String format;

  @Override
  public int run() {
    JsonNode info = api().getTree(Paths.INFO);
    if (format != null && !format.isEmpty()) {
      Inspection inspection = new Inspection(format, null);
      inspection.add(info);
      out().print(inspection.text());
      return 0;
    }
    JsonNode swarm = info.path("Swarm");
    out().println("Server:");
    line(" Server Version", info.path("ServerVersion").asText());
    line(" Swarm", swarm.path("LocalNodeState").asText());
    boolean locked = swarm.path("LocalNodeState").asText().equals("locked");
    if (!locked && !swarm.path("NodeID").asText("").isEmpty()) {
      line("  NodeID", swarm.path("NodeID").asText());
      String error = swarm.path("Error").asText("");
      if (!error.isEmpty()) {
        line("  Error", error);
      }
      line("  Is Manager", swarm.path("ControlAvailable").asText("false"));
      if (swarm.path("ControlAvailable").asBoolean()) {
        line("  Managers", swarm.path("Managers").asText("0"));
        line("  Nodes", swarm.path("Nodes").asText("0"));
      }
      line("  Node Address", swarm.path("NodeAddr").asText());
      if (swarm.path("RemoteManagers").size() > 0) {
        out().println("  Manager Addresses:");
        swarm.path("RemoteManagers").forEach(m -> out().println("   " + m.path("Addr").asText()));
      }
    }
    line(" Kernel Version", info.path("KernelVersion").asText());
    line(" Operating System", info.path("OperatingSystem").asText());
    line(" OSType", info.path("OSType").asText());
    line(" Architecture", info.path("Architecture").asText());
    line(" CPUs", info.path("NCPU").asText());
    line(" Total Memory", HumanText.bytes(info.path("MemTotal").asLong()));
    line(" Name", info.path("Name").asText());
    line(" ID", info.path("ID").asText());
    return 0;
  }

  private void line(String name, String value) {
    out().println(name + ": " + value);
  }
}
