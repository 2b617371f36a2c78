package io.meshd.cli.service;

import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "Revert changes to a service's configuration")
@Arguments(usage = "[OPTIONS] SERVICE", min = 1, max = 1)
public final class ServiceRollback extends CliCommand {
  @Option(
      names = {"-d", "--detach"},
      description = "Exit immediately instead of waiting for the service to converge")
  boolean detach;

  @Option(
      names = {"-q", "--quiet"},
      description = "Suppress progress output")
  boolean quiet;

  @Override
  public int run() {
    String name = argument(0);
    ServiceUpdates updates = new ServiceUpdates(api());
    updates.send(updates.load(name), "&rollback=previous").forEach(session().err()::println);
    out().println(name);
    out().flush();
    return detach ? 0 : Convergence.await(session(), name, quiet);
  }
}
