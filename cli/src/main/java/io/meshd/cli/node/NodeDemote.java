package io.meshd.cli.node;

import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import picocli.CommandLine.Command;

@Command(description = "Demote one or more nodes from manager in the swarm")
@Arguments(usage = "NODE [NODE...]", min = 1)
public final class NodeDemote extends CliCommand {
  @Override
  public int run() {
    return each(
        arguments,
        name ->
            out()
                .printf(
                    RoleChange.set(api(), name, "worker")
                        ? "Manager %s demoted in the swarm.%n"
                        : "Node %s is already a worker.%n",
                    name));
  }
}
