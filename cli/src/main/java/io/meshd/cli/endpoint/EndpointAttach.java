package io.meshd.cli.endpoint;

import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.Failure;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "Attach a network namespace to a network")
@Arguments(usage = "[OPTIONS]", max = 0)
public final class EndpointAttach extends CliCommand {
  @Option(names = "--network", paramLabel = "network", description = "Network to attach to")
  @Nullable String network;

  @Option(
      names = "--service",
      paramLabel = "string",
      description = "Service that the endpoint answers for")
  @Nullable String service;

  @Option(names = "--name", paramLabel = "string", description = "Name of the endpoint")
  @Nullable String name;

  @Option(names = "--ip", paramLabel = "string", description = "Address on the network")
  @Nullable String address;

  @Option(names = "--netns", paramLabel = "path", description = "Path of the network namespace")
  @Nullable String netns;

  @Option(
      names = "--pid",
      paramLabel = "int",
      description = "Process whose network namespace it is")
  @Nullable Integer pid;

  @Override
  public int run() {
    if (network == null) {
      throw new Failure("--network is required");
    }
    out()
        .println(
            new EndpointRequests(api()).attach(network, service, name, netns, pid, address).id());
    return 0;
  }
}
