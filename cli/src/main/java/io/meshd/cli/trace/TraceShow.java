package io.meshd.cli.trace;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import io.meshd.api.Paths;
import io.meshd.api.Traces;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.format.Inspection;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.Failure;
import io.meshd.cli.http.ApiClient;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    description = {
      "Show what becomes of a packet, node by node, and why",
      "",
      "SOURCE is a task, an endpoint or a container by name or ID, an address, a node,"
          + " or client for somebody outside. DESTINATION is a name, an address or, for a client,"
          + " a node; with :PORT the first packet of a TCP connection is followed, with :PORT/udp a"
          + " datagram, without a port a ping. No packet is sent. The exit code is 1 where the way"
          + " ends."
    })
@Arguments(usage = "[OPTIONS] SOURCE DESTINATION[:PORT[/PROTOCOL]]", min = 2, max = 2)
public final class TraceShow extends CliCommand {
  @Option(
      names = {"-f", "--format"},
      paramLabel = "string",
      description = "Format output using a custom template: json, or a Go template")
  @Nullable String format;

  @Override
  public int run() {
    TraceTarget target = TraceTarget.parse(argument(1));
    JsonNode answer =
        api()
            .getTree(
                "%s?src=%s&dst=%s&port=%d&protocol=%s"
                    .formatted(
                        Paths.TRACE,
                        ApiClient.encode(argument(0)),
                        ApiClient.encode(target.host()),
                        target.port(),
                        target.protocol()));
    Traces.Trace trace = read(answer);
    if (format == null || format.isEmpty()) {
      out().print(TraceText.of(trace));
    } else {
      Inspection inspection = new Inspection(format, null);
      inspection.add(answer);
      out().print(inspection.text());
    }
    return trace.outcome() == Traces.Outcome.ENDS ? 1 : 0;
  }

  private static Traces.Trace read(JsonNode answer) {
    try {
      return Json.MAPPER.treeToValue(answer, Traces.Trace.class);
    } catch (JsonProcessingException e) {
      throw new Failure("the daemon's answer cannot be read: " + e.getOriginalMessage());
    }
  }
}
