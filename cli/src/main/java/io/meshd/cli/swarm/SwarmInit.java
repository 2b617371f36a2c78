package io.meshd.cli.swarm;

import io.meshd.api.Paths;
import io.meshd.api.Swarm;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.Failure;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "Initialize a swarm")
@Arguments(usage = "[OPTIONS]", max = 0)
public final class SwarmInit extends CliCommand {
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
      names = "--data-path-port",
      paramLabel = "uint32",
      description = "Port number to use for data path traffic (1024 - 49151)")
  @Nullable Long dataPathPort;

  @Option(
      names = "--default-addr-pool",
      paramLabel = "ipNetSlice",
      split = ",",
      description = "default address pool in CIDR format")
  @Nullable List<String> defaultAddrPool;

  @Option(
      names = "--default-addr-pool-mask-length",
      paramLabel = "uint32",
      description = "default address pool subnet mask length")
  Long maskLength = 24L;

  @Option(
      names = "--availability",
      paramLabel = "string",
      description = "Availability of the node (\"active\", \"pause\", \"drain\")")
  @Nullable String availability;

  @Option(
      names = "--force-new-cluster",
      description = "Force create a new cluster from current state")
  boolean forceNewCluster;

  @Option(
      names = "--autolock",
      description =
          "Enable manager autolocking (requiring an unlock key to start a stopped manager)")
  boolean autolock;

  @Override
  public Set<String> unsupportedFlags() {
    return Set.of(
        "cert-expiry",
        "dispatcher-heartbeat",
        "external-ca",
        "max-snapshots",
        "snapshot-interval",
        "task-history-limit");
  }

  @Override
  public int run() {
    String nodeId =
        api()
            .post(
                Paths.SWARM + "/init",
                new Swarm.InitRequest(
                    listenAddr,
                    advertiseAddr,
                    dataPathAddr,
                    port(),
                    defaultAddrPool,
                    Math.toIntExact(Math.min(maskLength, Integer.MAX_VALUE)),
                    forceNewCluster,
                    Map.of(),
                    autolock,
                    Availability.check(availability)),
                String.class);
    out().printf("Swarm initialized: current node (%s) is now a manager.%n%n", nodeId);
    new JoinInstructions(api(), out()).print(nodeId, true, false);
    out()
        .println(
            "To add a manager to this swarm, run 'meshctl swarm join-token manager' and follow the"
                + " instructions.");
    if (autolock) {
      new UnlockInstructions(api(), out()).print();
    }
    return 0;
  }

  private @Nullable Integer port() {
    if (dataPathPort == null) {
      return null;
    }
    if (dataPathPort > 0xffff) {
      throw new Failure("Error response from daemon: invalid data path port " + dataPathPort);
    }
    return dataPathPort.intValue();
  }
}
