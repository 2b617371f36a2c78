package io.meshd.cli.gossip;

import io.meshd.api.Json;
import io.meshd.api.Mesh;
import io.meshd.api.Paths;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.format.Listing;
import io.meshd.cli.format.Row;
import io.meshd.cli.grammar.Arguments;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "Show how gossip does on this node")
@Arguments(usage = "[OPTIONS]", max = 0)
public final class GossipShow extends CliCommand {
  private static final Listing RECORDS =
      new Listing(
          "{{.Network}}\t{{.Node}}\t{{.Count}}\t{{.Version}}\t{{.Digest}}\t{{.Complete}}",
          Map.of(
              "Network",
              "NETWORK",
              "Node",
              "NODE",
              "Count",
              "RECORDS",
              "Version",
              "VERSION",
              "Digest",
              "DIGEST",
              "Complete",
              "COMPLETE"));

  @Option(
      names = "--format",
      paramLabel = "string",
      description = "Format output: json (one object), or a Go template for each line of records")
  @Nullable String format;

  @Override
  public int run() {
    Mesh.Gossip gossip = api().get(Paths.GOSSIP, Mesh.Gossip.class);
    if ("json".equals(format)) {
      out().println(new String(Json.bytes(gossip), StandardCharsets.UTF_8));
      return 0;
    }
    if (format == null) {
      Map<String, Integer> states = new TreeMap<>();
      gossip.members().forEach(member -> states.merge(member.state(), 1, Integer::sum));
      StringBuilder members = new StringBuilder();
      states.forEach(
          (state, count) ->
              members
                  .append(members.isEmpty() ? "" : ", ")
                  .append(count)
                  .append(' ')
                  .append(state));
      out().println("Node: " + gossip.nodeId());
      out().println("Members: " + members);
      out().println("Health score: " + gossip.health() + " (0 is well)");
      out()
          .println(
              "Waiting to be told: "
                  + gossip.memberNews()
                  + " of members, "
                  + gossip.recordNews()
                  + " of records");
      out().println();
    }
    out().print(RECORDS.print(format, false, gossip.records().stream().map(this::row).toList()));
    return 0;
  }

  private Row row(Mesh.GossipRecords records) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("Network", records.networkId().isEmpty() ? "(attachments)" : records.networkName());
    fields.put("Node", records.hostname().isEmpty() ? records.nodeId() : records.hostname());
    fields.put("Count", String.valueOf(records.count()));
    fields.put("Version", records.version());
    fields.put("Digest", records.digest());
    fields.put("Complete", records.complete());
    return new Row("*gossip.recordContext", fields);
  }
}
