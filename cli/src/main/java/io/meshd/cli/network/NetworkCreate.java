package io.meshd.cli.network;

import io.meshd.api.Networks;
import io.meshd.api.Paths;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.KeyValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "Create a network")
@Arguments(usage = "[OPTIONS] NETWORK", min = 1, max = 1)
public final class NetworkCreate extends CliCommand {
  @Option(
      names = {"-d", "--driver"},
      paramLabel = "string",
      description = "Driver to manage the Network (default \"overlay\")")
  String driver = "overlay";

  @Option(
      names = "--subnet",
      paramLabel = "strings",
      split = ",",
      description = "Subnet in CIDR format that represents a network segment")
  List<String> subnets = new ArrayList<>();

  @Option(
      names = "--gateway",
      paramLabel = "strings",
      split = ",",
      description = "IPv4 or IPv6 Gateway for the master subnet")
  List<String> gateways = new ArrayList<>();

  @Option(
      names = "--ip-range",
      paramLabel = "strings",
      split = ",",
      description = "Allocate container ip from a sub-range")
  List<String> ranges = new ArrayList<>();

  @Option(names = "--attachable", description = "Enable manual container attachment")
  boolean attachable;

  @Option(names = "--internal", description = "Restrict external access to the network")
  boolean internal;

  @Option(names = "--ingress", description = "Create swarm routing-mesh network")
  boolean ingress;

  @Option(names = "--ipv6", description = "Enable or disable IPv6 address assignment")
  boolean ipv6;

  @Option(names = "--scope", paramLabel = "string", description = "Control the network's scope")
  @Nullable String scope;

  @Option(
      names = "--ipam-driver",
      paramLabel = "string",
      description = "IP Address Management Driver (default \"default\")")
  String ipamDriver = "default";

  @Option(
      names = {"-o", "--opt"},
      paramLabel = "map",
      description = "Set driver specific options")
  List<KeyValue> options = new ArrayList<>();

  @Option(names = "--label", paramLabel = "list", description = "Set metadata on a network")
  List<KeyValue> labels = new ArrayList<>();

  @Override
  public Set<String> unsupportedFlags() {
    return Set.of("aux-address", "config-from", "config-only", "ipam-opt", "ipv4");
  }

  @Override
  public int run() {
    Networks.Ipam ipam =
        new Networks.Ipam(ipamDriver, Map.of(), IpamFlags.combine(subnets, ranges, gateways));
    Networks.CreateResponse created =
        api()
            .post(
                Paths.NETWORKS + "/create",
                new Networks.CreateRequest(
                    argument(0),
                    driver,
                    scope,
                    null,
                    null,
                    ipv6,
                    ipam,
                    internal,
                    attachable,
                    ingress,
                    false,
                    null,
                    KeyValue.map(options),
                    KeyValue.map(labels)),
                Networks.CreateResponse.class);
    out().println(created.id());
    return 0;
  }
}
