package io.meshd.cli.network;

import io.meshd.cli.command.CliCommand;
import io.meshd.cli.endpoint.EndpointRequests;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.Failure;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "Connect a network namespace to a network")
@Arguments(usage = "[OPTIONS] NETWORK [NAME]", min = 1, max = 2)
public final class NetworkConnect extends CliCommand {
  @Option(names = "--netns", paramLabel = "path", description = "Path of the network namespace")
  @Nullable String netns;

  @Option(
      names = "--pid",
      paramLabel = "int",
      description = "Process whose network namespace it is")
  @Nullable Integer pid;

  @Option(
      names = "--ip",
      paramLabel = "ip",
      description = "IPv4 address (e.g., \"172.30.100.104\")")
  @Nullable String address;

  @Override
  public Set<String> unsupportedFlags() {
    return Set.of("alias", "driver-opt", "gw-priority", "ip6", "link", "link-local-ip");
  }

  @Override
  public int run() {
    if (netns == null && pid == null) {
      throw new Failure(
          "meshctl connects network namespaces: say which one with --netns PATH or --pid PID");
    }
    String name = arguments.size() > 1 ? argument(1) : null;
    out()
        .println(
            new EndpointRequests(api()).attach(argument(0), null, name, netns, pid, address).id());
    return 0;
  }
}
