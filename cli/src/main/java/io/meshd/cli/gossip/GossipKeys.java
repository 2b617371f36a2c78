package io.meshd.cli.gossip;

import io.meshd.api.Mesh;
import io.meshd.api.Paths;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.format.Listing;
import io.meshd.cli.format.Row;
import io.meshd.cli.grammar.Arguments;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "List the digests of the keys that gossip is encrypted with")
@Arguments(usage = "[OPTIONS]", max = 0)
public final class GossipKeys extends CliCommand {
  private static final Listing LISTING =
      new Listing("{{.Digest}}\t{{.Use}}", Map.of("Digest", "KEY DIGEST", "Use", "USE"));

  @Option(
      names = "--format",
      paramLabel = "string",
      description = "Format output using a custom template: table, json, or a Go template")
  @Nullable String format;

  @Override
  public int run() {
    List<Row> rows = new ArrayList<>();
    for (String key : api().get(Paths.GOSSIP, Mesh.Gossip.class).keys()) {
      String use = rows.isEmpty() ? "sent and read with" : "read with";
      rows.add(new Row("*gossip.keyContext", Map.of("Digest", key, "Use", use)));
    }
    out().print(LISTING.print(format, false, rows));
    return 0;
  }
}
