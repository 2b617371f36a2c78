package io.meshd.cli.endpoint;

import io.meshd.api.Mesh;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.format.HumanText;
import io.meshd.cli.format.Listing;
import io.meshd.cli.format.Row;
import io.meshd.cli.grammar.Arguments;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "List attached endpoints")
@Arguments(usage = "[OPTIONS]", max = 0)
public final class EndpointList extends CliCommand {
  private static final Listing LISTING =
      new Listing(
          "{{.ID}}\t{{.Name}}\t{{.Network}}\t{{.Address}}\t{{.Node}}\t{{.Netns}}",
          Map.of(
              "ID",
              "ENDPOINT ID",
              "Name",
              "NAME",
              "Network",
              "NETWORK",
              "Service",
              "SERVICE",
              "Address",
              "ADDRESS",
              "MacAddress",
              "MAC ADDRESS",
              "Node",
              "NODE",
              "Netns",
              "NAMESPACE",
              "Interface",
              "INTERFACE"));

  @Option(
      names = {"-q", "--quiet"},
      description = "Only display endpoint IDs")
  boolean quiet;

  @Option(names = "--no-trunc", description = "Do not truncate the output")
  boolean noTrunc;

  @Option(
      names = "--format",
      paramLabel = "string",
      description = "Format output using a custom template: table, json, or a Go template")
  @Nullable String format;

  @Override
  public int run() {
    out()
        .print(
            LISTING.print(
                format,
                quiet,
                new EndpointRequests(api()).list().stream().map(this::row).toList()));
    return 0;
  }

  private Row row(Mesh.Endpoint endpoint) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("ID", id(endpoint.id()));
    fields.put("Name", endpoint.name());
    fields.put("Network", endpoint.networkName());
    String service = endpoint.serviceId();
    fields.put("Service", service == null ? "" : id(service));
    fields.put("Address", endpoint.ipv4Address());
    fields.put("MacAddress", endpoint.macAddress());
    fields.put("Node", endpoint.nodeName());
    fields.put("Netns", endpoint.netns());
    fields.put("Interface", endpoint.interfaceName());
    return new Row("*endpoint.endpointContext", fields);
  }

  private String id(String id) {
    return noTrunc ? id : HumanText.shortId(id);
  }
}
