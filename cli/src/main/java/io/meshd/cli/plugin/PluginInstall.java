package io.meshd.cli.plugin;

import io.meshd.api.Paths;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import picocli.CommandLine.Command;

/** Also where it is there already: then it is enabled, and answered for. */
@Command(description = "Install the managed plugin in this node's Docker Engine")
@Arguments(usage = "", max = 0)
public final class PluginInstall extends CliCommand {
  @Override
  public int run() {
    api().call("POST", Paths.ENGINE_PLUGIN, null);
    out().println("meshd-swarm:latest");
    return 0;
  }
}
