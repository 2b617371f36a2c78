package io.meshd.cli.system;

import io.meshd.api.Json;
import io.meshd.api.Mesh;
import io.meshd.api.Paths;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.format.Listing;
import io.meshd.cli.format.Row;
import io.meshd.cli.grammar.Arguments;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "Show the data plane's counters")
@Arguments(usage = "[OPTIONS]", max = 0)
public final class CountersShow extends CliCommand {
  private static final Listing LISTING =
      new Listing("{{.Name}}\t{{.Value}}", Map.of("Name", "COUNTER", "Value", "VALUE"));

  @Option(
      names = "--format",
      paramLabel = "string",
      description = "Format output: table, json (one object), or a Go template")
  @Nullable String format;

  @Override
  public int run() {
    Map<String, Long> counters =
        new TreeMap<>(api().get(Paths.COUNTERS, Mesh.Counters.class).counters());
    if ("json".equals(format)) {
      out().println(new String(Json.bytes(counters), StandardCharsets.UTF_8));
      return 0;
    }
    List<Row> rows =
        counters.entrySet().stream()
            .map(
                c ->
                    new Row(
                        "*system.counterContext",
                        Map.of("Name", c.getKey(), "Value", String.valueOf(c.getValue()))))
            .toList();
    out().print(LISTING.print(format, false, rows));
    return 0;
  }
}
