package io.meshd.cli.gossip;

import io.meshd.api.Mesh;
import io.meshd.api.Paths;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.format.Listing;
import io.meshd.cli.format.Row;
import io.meshd.cli.grammar.Arguments;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "List the members that this node knows by gossip")
@Arguments(usage = "[OPTIONS]", max = 0)
public final class GossipMembers extends CliCommand {
  private static final Listing LISTING =
      new Listing(
          "{{.ID}} {{if .Self}}*{{else}} {{ end }}\t{{.Hostname}}\t{{.Address}}\t{{.State}}"
              + "\t{{.Incarnation}}\t{{.Synced}}",
          Map.of(
              "ID",
              "ID",
              "Self",
              "",
              "Hostname",
              "HOSTNAME",
              "Address",
              "ADDRESS",
              "State",
              "STATE",
              "Incarnation",
              "INCARNATION",
              "Synced",
              "LAST SYNC"));

  @Option(
      names = "--format",
      paramLabel = "string",
      description = "Format output using a custom template: table, json, or a Go template")
  @Nullable String format;

  @Override
  public int run() {
    Mesh.Gossip gossip = api().get(Paths.GOSSIP, Mesh.Gossip.class);
    out()
        .print(
            LISTING.print(
                format,
                false,
                gossip.members().stream().map(m -> row(m, gossip.nodeId())).toList()));
    return 0;
  }

  private static Row row(Mesh.GossipMember member, String self) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("ID", member.id());
    fields.put("Self", member.id().equals(self));
    fields.put("Hostname", member.hostname());
    fields.put("Address", member.address());
    fields.put("State", member.state());
    fields.put("Incarnation", String.valueOf(member.incarnation()));
    Long millis = member.syncedMillis();
    fields.put(
        "Synced", millis == null ? "" : String.format(Locale.ROOT, "%.1f s ago", millis / 1000.0));
    return new Row("*gossip.memberContext", fields);
  }
}
