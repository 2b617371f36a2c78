package io.meshd.cli.node;

import io.meshd.api.Json;
import io.meshd.api.Nodes;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.command.Inspecting;
import io.meshd.cli.format.Inspection;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.Failure;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "Display detailed information on one or more nodes")
@Arguments(usage = "[OPTIONS] self|NODE [NODE...]", min = 1)
public final class NodeInspect extends CliCommand {
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
    Inspection inspection = new Inspection(format, Nodes.Node.class);
    List<String> texts = new ArrayList<>();
    StringBuilder errors = new StringBuilder();
    int code =
        Inspecting.each(
            arguments,
            errors,
            name -> {
              var tree = api().getTree(NodeReference.path(api(), name));
              if (pretty) {
                texts.add(NodeText.of(Json.MAPPER.convertValue(tree, Nodes.Node.class)));
              } else {
                inspection.add(tree);
              }
            });
    out().print(pretty ? String.join("\n", texts) : inspection.text());
    out().flush();
    session().err().print(errors);
    return code;
  }
}
