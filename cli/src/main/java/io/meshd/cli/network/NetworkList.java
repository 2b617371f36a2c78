package io.meshd.cli.network;

import io.meshd.api.Networks;
import io.meshd.api.Paths;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.format.HumanText;
import io.meshd.cli.format.Listing;
import io.meshd.cli.format.Row;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.FilterSpec;
import io.meshd.cli.http.ApiClient;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "List networks")
@Arguments(usage = "[OPTIONS]", max = 0)
public final class NetworkList extends CliCommand {
  private static final Listing LISTING =
      new Listing(
          "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}",
          Map.of(
              "ID",
              "NETWORK ID",
              "Name",
              "NAME",
              "Driver",
              "DRIVER",
              "Scope",
              "SCOPE",
              "IPv4",
              "IPV4",
              "IPv6",
              "IPV6",
              "Internal",
              "INTERNAL",
              "Labels",
              "LABELS",
              "CreatedAt",
              "CREATED AT"));

  @Option(
      names = {"-q", "--quiet"},
      description = "Only display network IDs")
  boolean quiet;

  @Option(names = "--no-trunc", description = "Do not truncate the output")
  boolean noTrunc;

  @Option(
      names = "--format",
      paramLabel = "string",
      description = "Format output using a custom template: table, json, or a Go template")
  @Nullable String format;

  @Option(
      names = {"-f", "--filter"},
      paramLabel = "filter",
      description = "Provide filter values (e.g. \"driver=bridge\")")
  List<FilterSpec> filters = new ArrayList<>();

  @Override
  public int run() {
    String path = ApiClient.filtered(Paths.NETWORKS, FilterSpec.json(filters));
    List<Networks.Network> networks =
        Arrays.stream(api().get(path, Networks.Network[].class))
            .sorted((a, b) -> HumanText.natural(a.name(), b.name()))
            .toList();
    out().print(LISTING.print(format, quiet, networks.stream().map(this::row).toList()));
    return 0;
  }

  private Row row(Networks.Network network) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("ID", noTrunc ? network.id() : HumanText.shortId(network.id()));
    fields.put("Name", network.name());
    fields.put("Driver", network.driver());
    fields.put("Scope", network.scope());
    fields.put("IPv4", String.valueOf(network.enableIpv4()));
    fields.put("IPv6", String.valueOf(network.enableIpv6()));
    fields.put("Internal", String.valueOf(network.internal()));
    fields.put("Labels", labels(network.labels()));
    fields.put("CreatedAt", HumanText.goTime(String.valueOf(network.created())));
    return new Row("*network.networkContext", fields);
  }

  private static String labels(@Nullable Map<String, String> labels) {
    return labels == null
        ? ""
        : labels.entrySet().stream()
            .map(label -> label.getKey() + "=" + label.getValue())
            .sorted()
            .collect(Collectors.joining(","));
  }
}
