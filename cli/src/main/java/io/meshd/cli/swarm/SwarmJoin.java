package io.meshd.cli.swarm;

import io.meshd.api.Paths;
import io.meshd.api.Swarm;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "Join a swarm as a node and/or manager")
@Arguments(usage = "[OPTIONS] HOST:PORT", min = 1, max = 1)
public final class SwarmJoin extends CliCommand {
  @Option(names = "--token", paramLabel = "string", description = "Token for entry into the swarm")
  String token = "";

  @Option(
      names = "--advertise-addr",
      paramLabel = "string",
      description = "Advertised address (format: \"<ip|interface>[:port]\")")
  String advertiseAddr = "";

  @Option(
      names = "--listen-addr",
      paramLabel = "node-addr",
      description = "Listen address (format: \"<ip|interface>[:port]\")")
  String listenAddr = "0.0.0.0:2377";

  @Option(
      names = "--data-path-addr",
      paramLabel = "string",
      description =
          "Address or interface to use for data path traffic (format: \"<ip|interface>\")")
  String dataPathAddr = "";

  @Option(
      names = "--availability",
      paramLabel = "string",
      description = "Availability of the node (\"active\", \"pause\", \"drain\")")
  @Nullable String availability;

  @Override
  public int run() {
    api()
        .call(
            "POST",
            Paths.SWARM + "/join",
            new Swarm.JoinRequest(
                listenAddr,
                advertiseAddr,
                dataPathAddr,
                List.of(argument(0)),
                token,
                Availability.check(availability)));
    Swarm.SystemInfo info = api().get(Paths.INFO, Swarm.SystemInfo.class);
    String role = info.swarm().controlAvailable() ? "manager" : "worker";
    out().println("This node joined a swarm as a " + role + ".");
    return 0;
  }
}
