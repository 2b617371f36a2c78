package io.meshd.cli.node;

import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import picocli.CommandLine.Command;

@Command(description = "Promote one or more nodes to manager in the swarm")
@Arguments(usage = "NODE [NODE...]", min = 1)
public final class NodePromote extends CliCommand {
  @Override
  public int run() {
    return each(
        arguments,
        name ->
            out()
                .printf(
                    RoleChange.set(api(), name, "manager")
                        ? "Node %s promoted to a manager in the swarm.%n"
                        : "Node %s is already a manager.%n",
                    name));
  }
}
