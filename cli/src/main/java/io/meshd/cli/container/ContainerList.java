package io.meshd.cli.container;

import io.meshd.api.Mesh;
import io.meshd.api.Paths;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.format.HumanText;
import io.meshd.cli.format.Listing;
import io.meshd.cli.format.Row;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.FilterSpec;
import io.meshd.cli.grammar.Values;
import io.meshd.cli.http.ApiClient;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "List the tasks of this node")
@Arguments(usage = "[OPTIONS]", max = 0)
public final class ContainerList extends CliCommand {
  private static final int COMMAND_WIDTH = 20;

  private static final Listing LISTING =
      new Listing(
          "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}",
          Map.of(
              "ID",
              "CONTAINER ID",
              "Image",
              "IMAGE",
              "Command",
              "COMMAND",
              "RunningFor",
              "CREATED",
              "CreatedAt",
              "CREATED AT",
              "Status",
              "STATUS",
              "State",
              "STATE",
              "Ports",
              "PORTS",
              "Names",
              "NAMES",
              "Labels",
              "LABELS"));

  @Option(
      names = {"-a", "--all"},
      description = "Show all tasks (default shows just running)")
  boolean all;

  @Option(
      names = {"-q", "--quiet"},
      description = "Only display container IDs")
  boolean quiet;

  @Option(names = "--no-trunc", description = "Don't truncate output")
  boolean noTrunc;

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
    String path = Paths.CONTAINERS + "/json" + (all ? "?all=1" : "");
    String filtered = ApiClient.filtered(path, FilterSpec.json(filters));
    List<Mesh.Container> containers = Arrays.asList(api().get(filtered, Mesh.Container[].class));
    out().print(LISTING.print(format, quiet, containers.stream().map(this::row).toList()));
    return 0;
  }

  private Row row(Mesh.Container container) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("ID", noTrunc ? container.id() : HumanText.shortId(container.id()));
    fields.put("Image", container.image());
    String command = container.command() == null ? "" : container.command();
    fields.put(
        "Command", Values.quote(noTrunc ? command : HumanText.ellipsis(command, COMMAND_WIDTH)));
    Instant created = Instant.ofEpochSecond(container.created());
    fields.put("RunningFor", HumanText.duration(Duration.between(created, Instant.now())) + " ago");
    fields.put("CreatedAt", HumanText.goTime(created.toString()));
    fields.put("Status", container.status());
    fields.put("State", container.state());
    fields.put("Ports", ports(container.ports()));
    fields.put(
        "Names",
        container.names().stream()
            .map(name -> name.startsWith("/") ? name.substring(1) : name)
            .collect(Collectors.joining(",")));
    Map<String, String> labels = container.labels() == null ? Map.of() : container.labels();
    fields.put(
        "Labels",
        labels.entrySet().stream()
            .map(l -> l.getKey() + "=" + l.getValue())
            .sorted()
            .collect(Collectors.joining(",")));
    return new Row("*formatter.ContainerContext", fields);
  }

  /** {@code 0.0.0.0:8080->80/tcp}, or {@code 80/tcp} for a port that is not published. */
  private static String ports(@Nullable List<Map<String, Object>> ports) {
    if (ports == null) {
      return "";
    }
    return ports.stream()
        .map(
            port -> {
              String target = port.get("PrivatePort") + "/" + port.get("Type");
              Object published = port.get("PublicPort");
              if (published == null) {
                return target;
              }
              Object ip = port.get("IP");
              return (ip == null ? "" : ip + ":") + published + "->" + target;
            })
        .collect(Collectors.joining(", "));
  }
}
