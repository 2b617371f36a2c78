package io.meshd.cli.endpoint;

import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import picocli.CommandLine.Command;

@Command(description = "Detach an endpoint")
@Arguments(usage = "ENDPOINT [ENDPOINT...]", min = 1)
public final class EndpointDetach extends CliCommand {
  @Override
  public int run() {
    EndpointRequests endpoints = new EndpointRequests(api());
    return each(
        arguments,
        id -> {
          endpoints.detach(id);
          out().println(id);
        });
  }
}
