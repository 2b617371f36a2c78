package io.meshd.cli.service;

import io.meshd.api.Paths;
import io.meshd.api.Services;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.format.HumanText;
import io.meshd.cli.format.Listing;
import io.meshd.cli.format.Row;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.FilterSpec;
import io.meshd.cli.http.ApiClient;
import io.meshd.cli.task.TaskTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "List services")
@Arguments(usage = "[OPTIONS]", max = 0)
public final class ServiceList extends CliCommand {
  private static final Listing LISTING =
      new Listing(
          "{{.ID}}\t{{.Name}}\t{{.Mode}}\t{{.Replicas}}\t{{.Image}}\t{{.Ports}}",
          Map.of(
              "ID",
              "ID",
              "Name",
              "NAME",
              "Mode",
              "MODE",
              "Replicas",
              "REPLICAS",
              "Image",
              "IMAGE",
              "Ports",
              "PORTS"));

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
    String path = Paths.SERVICES + (quiet ? "" : "?status=true");
    String filtered = ApiClient.filtered(path, FilterSpec.json(filters));
    List<Services.Service> services =
        Arrays.stream(api().get(filtered, Services.Service[].class))
            .sorted((a, b) -> HumanText.natural(a.spec().name(), b.spec().name()))
            .toList();
    out().print(LISTING.print(format, quiet, services.stream().map(ServiceList::row).toList()));
    return 0;
  }

  private static Row row(Services.Service service) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("ID", HumanText.shortId(service.id()));
    fields.put("Name", service.spec().name());
    Services.ServiceMode mode = service.spec().mode();
    boolean global = mode != null && mode.global() != null;
    fields.put("Mode", global ? "global" : "replicated");
    fields.put("Replicas", replicas(service, global));
    fields.put("Image", TaskTable.image(service.spec().taskTemplate(), true));
    fields.put(
        "Ports", PortColumn.text(service.endpoint() == null ? null : service.endpoint().ports()));
    return new Row("*service.serviceContext", fields);
  }

  private static String replicas(Services.Service service, boolean global) {
    Services.ServiceStatus status = service.serviceStatus();
    String text = status == null ? "0/0" : status.runningTasks() + "/" + status.desiredTasks();
    Services.Placement placement = service.spec().taskTemplate().placement();
    Long max = placement == null ? null : placement.maxReplicas();
    return global || max == null || max == 0 ? text : "%s (max %d per node)".formatted(text, max);
  }
}
