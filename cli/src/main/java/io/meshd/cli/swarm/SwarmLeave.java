package io.meshd.cli.swarm;

import io.meshd.api.Paths;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "Leave the swarm")
@Arguments(usage = "[OPTIONS]", max = 0)
public final class SwarmLeave extends CliCommand {
  @Option(
      names = {"-f", "--force"},
      description = "Force this node to leave the swarm, ignoring warnings")
  boolean force;

  @Override
  public int run() {
    api().call("POST", Paths.SWARM + "/leave" + (force ? "?force=1" : ""), null);
    out().println("Node left the swarm.");
    return 0;
  }
}
