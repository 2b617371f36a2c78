package io.meshd.cli.node;

import io.meshd.api.Nodes;
import io.meshd.api.Paths;
import io.meshd.api.Swarm;
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
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "List nodes in the swarm")
@Arguments(usage = "[OPTIONS]", max = 0)
public final class NodeList extends CliCommand {
  private static final Listing LISTING =
      new Listing(
          "{{.ID}} {{if .Self}}*{{else}} {{ end }}\t{{.Hostname}}\t{{.Status}}\t{{.Availability}}"
              + "\t{{.ManagerStatus}}\t{{.EngineVersion}}",
          Map.of(
              "ID",
              "ID",
              "Self",
              "",
              "Hostname",
              "HOSTNAME",
              "Status",
              "STATUS",
              "Availability",
              "AVAILABILITY",
              "ManagerStatus",
              "MANAGER STATUS",
              "EngineVersion",
              "ENGINE VERSION",
              "TLSStatus",
              "TLS STATUS"));

  @Option(
      names = {"-q", "--quiet"},
      description = "Only display IDs")
  boolean quiet;

  @Option(
      names = "--format",
      paramLabel = "string",
      description = "Format output using a custom template: table, json, or a Go template")
  @Nullable String format;

  @Option(
      names = {"-f", "--filter"},
      paramLabel = "filter",
      description = "Filter output based on conditions provided")
  List<FilterSpec> filters = new ArrayList<>();

  @Override
  public int run() {
    String path = ApiClient.filtered(Paths.NODES, FilterSpec.json(filters));
    List<Nodes.Node> nodes =
        Arrays.stream(api().get(path, Nodes.Node[].class))
            .sorted(
                (a, b) -> HumanText.natural(a.description().hostname(), b.description().hostname()))
            .toList();
    String self =
        nodes.isEmpty() || quiet
            ? ""
            : api().get(Paths.INFO, Swarm.SystemInfo.class).swarm().nodeId();
    out().print(LISTING.print(format, quiet, nodes.stream().map(n -> row(n, self)).toList()));
    return 0;
  }

  private static Row row(Nodes.Node node, String self) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("ID", node.id());
    fields.put("Self", node.id().equals(self));
    fields.put("Hostname", node.description().hostname());
    fields.put("Status", HumanText.capital(node.status().state()));
    fields.put("Availability", HumanText.capital(node.spec().availability()));
    Nodes.ManagerStatus manager = node.managerStatus();
    String status =
        manager == null
            ? ""
            : Boolean.TRUE.equals(manager.leader()) ? "leader" : manager.reachability();
    fields.put("ManagerStatus", HumanText.capital(status));
    fields.put("TLSStatus", "Unknown");
    fields.put("EngineVersion", node.description().engine().engineVersion());
    return new Row("*node.nodeContext", fields);
  }
}
