package io.meshd.cli.node;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.api.Json;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.Failure;
import io.meshd.cli.grammar.KeyValue;
import io.meshd.cli.http.ApiClient;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "Update a node")
@Arguments(usage = "[OPTIONS] NODE", min = 1, max = 1)
public final class NodeUpdate extends CliCommand {
  @Option(
      names = "--label-add",
      paramLabel = "list",
      description = "Add or update a node label (\"key=value\")")
  List<KeyValue> labelAdd = new ArrayList<>();

  @Option(names = "--label-rm", paramLabel = "list", description = "Remove a node label if exists")
  List<String> labelRemove = new ArrayList<>();

  @Option(
      names = "--availability",
      paramLabel = "string",
      description = "Availability of the node (\"active\", \"pause\", \"drain\")")
  @Nullable String availability;

  @Option(
      names = "--role",
      paramLabel = "string",
      description = "Role of the node (\"worker\", \"manager\")")
  @Nullable String role;

  @Override
  public int run() {
    String name = argument(0);
    JsonNode node = api().getTree(NodeReference.path(api(), name));
    ObjectNode spec =
        node.path("Spec") instanceof ObjectNode given
            ? given.deepCopy()
            : Json.MAPPER.createObjectNode();
    if (role != null) {
      spec.put("Role", role);
    }
    if (availability != null) {
      spec.put("Availability", availability);
    }
    editLabels(spec);
    api()
        .call(
            "POST",
            "/nodes/%s/update?version=%d"
                .formatted(
                    ApiClient.encode(node.path("ID").asText(name)),
                    node.path("Version").path("Index").asLong()),
            spec);
    out().println(name);
    return 0;
  }

  private void editLabels(ObjectNode spec) {
    if (labelAdd.isEmpty() && labelRemove.isEmpty()) {
      return;
    }
    ObjectNode labels =
        spec.path("Labels") instanceof ObjectNode given ? given : spec.putObject("Labels");
    labelAdd.forEach(label -> labels.put(label.key(), label.value()));
    for (String key : labelRemove) {
      if (!labels.has(key)) {
        throw new Failure("key %s doesn't exist in node's labels".formatted(key));
      }
      labels.remove(key);
    }
  }
}
