package io.meshd.cli.service;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import io.meshd.api.Paths;
import io.meshd.api.Services;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.command.Inspecting;
import io.meshd.cli.format.Inspection;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.Failure;
import io.meshd.cli.http.ApiClient;
import io.meshd.cli.http.ApiFailure;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "Display detailed information on one or more services")
@Arguments(usage = "[OPTIONS] SERVICE [SERVICE...]", min = 1)
public final class ServiceInspect extends CliCommand {
  @Option(
      names = {"-f", "--format"},
      paramLabel = "string",
      description = "Format output using a custom template: json, or a Go template")
  @Nullable String format;

  @Option(names = "--pretty", description = "Print the information in a human friendly format")
  boolean pretty;

  @Override
  public int run() {
    if (pretty && format != null && !format.isEmpty()) {
      throw new Failure("--format is incompatible with human friendly format");
    }
    Inspection inspection = new Inspection(format, Services.Service.class);
    List<String> texts = new ArrayList<>();
    StringBuilder errors = new StringBuilder();
    int code =
        Inspecting.each(
            arguments,
            errors,
            name -> {
              JsonNode tree = load(name);
              if (pretty) {
                Services.Service service = Json.MAPPER.convertValue(tree, Services.Service.class);
                texts.add(new ServiceText(service, this::networkName).text());
              } else {
                inspection.add(tree);
              }
            });
    out().print(pretty ? String.join("", texts) : inspection.text());
    out().flush();
    session().err().print(errors);
    return code;
  }

  private JsonNode load(String name) {
    String path = Paths.SERVICES + "/" + ApiClient.encode(name);
    try {
      return api().getTree(path + (pretty ? "?insertDefaults=true" : ""));
    } catch (ApiFailure e) {
      if (e.notFound()) {
        throw new Failure("Error: no such service: " + name);
      }
      throw e;
    }
  }

  private String networkName(String id) {
    try {
      return api()
          .getTree(Paths.NETWORKS + "/" + ApiClient.encode(id) + "?scope=swarm")
          .path("Name")
          .asText(id);
    } catch (ApiFailure e) {
      return id;
    }
  }
}
