package io.meshd.cli.service;

import io.meshd.api.Paths;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.http.ApiClient;
import picocli.CommandLine.Command;

@Command(description = "Remove one or more services")
@Arguments(usage = "SERVICE [SERVICE...]", min = 1)
public final class ServiceRemove extends CliCommand {
  @Override
  public int run() {
    return each(
        arguments,
        name -> {
          api().call("DELETE", Paths.SERVICES + "/" + ApiClient.encode(name), null);
          out().println(name);
        });
  }
}
