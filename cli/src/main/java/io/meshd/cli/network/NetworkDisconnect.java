package io.meshd.cli.network;

import io.meshd.api.Mesh;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.endpoint.EndpointRequests;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.Failure;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Command;

@Command(description = "Disconnect an endpoint from a network")
@Arguments(usage = "NETWORK ENDPOINT", min = 2, max = 2)
public final class NetworkDisconnect extends CliCommand {
  @Override
  public Set<String> unsupportedFlags() {
    return Set.of("force");
  }

  @Override
  public int run() {
    String network = argument(0);
    String wanted = argument(1);
    EndpointRequests endpoints = new EndpointRequests(api());
    List<Mesh.Endpoint> matches =
        endpoints.list().stream()
            .filter(e -> e.networkName().equals(network) || e.networkId().startsWith(network))
            .filter(e -> e.name().equals(wanted) || e.id().startsWith(wanted))
            .toList();
    if (matches.size() != 1) {
      throw new Failure(
          matches.isEmpty()
              ? "endpoint %s is not connected to network %s".formatted(wanted, network)
              : "multiple endpoints found with provided prefix: " + wanted);
    }
    endpoints.detach(matches.getFirst().id());
    return 0;
  }
}
