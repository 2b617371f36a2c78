package io.meshd.cli.plugin;

import io.meshd.api.Paths;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import picocli.CommandLine.Command;

/** Refused by the Engine while one of its networks is on the driver. */
@Command(description = "Remove the managed plugin from this node's Docker Engine")
@Arguments(usage = "", max = 0)
public final class PluginRemove extends CliCommand {
  @Override
  public int run() {
    api().call("DELETE", Paths.ENGINE_PLUGIN, null);
    out().println("meshd-swarm:latest");
    return 0;
  }
}
