package io.meshd.cli.node;

import io.meshd.api.Paths;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.http.ApiClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "Remove one or more nodes from the swarm")
@Arguments(usage = "[OPTIONS] NODE [NODE...]", min = 1)
public final class NodeRemove extends CliCommand {
  @Option(
      names = {"-f", "--force"},
      description = "Force remove a node from the swarm")
  boolean force;

  @Override
  public int run() {
    return each(
        arguments,
        name -> {
          String path = Paths.NODES + "/" + ApiClient.encode(name);
          api().call("DELETE", path + (force ? "?force=1" : ""), null);
          out().println(name);
        });
  }
}
