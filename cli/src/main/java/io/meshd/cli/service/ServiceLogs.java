package io.meshd.cli.service;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Paths;
import io.meshd.api.http.UnixHttp;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.Failure;
import io.meshd.cli.http.ApiClient;
import io.meshd.cli.http.ApiFailure;
import io.meshd.cli.http.FrameReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "Fetch the logs of a service or task")
@Arguments(usage = "[OPTIONS] SERVICE|TASK", min = 1, max = 1)
public final class ServiceLogs extends CliCommand {
  @Option(
      names = {"-f", "--follow"},
      description = "Follow log output")
  boolean follow;

  @Option(
      names = {"-n", "--tail"},
      paramLabel = "string",
      description = "Number of lines to show from the end of the logs (default \"all\")")
  String tail = "all";

  @Option(
      names = {"-t", "--timestamps"},
      description = "Show timestamps")
  boolean timestamps;

  @Option(names = "--details", description = "Show extra details provided to logs")
  boolean details;

  @Option(names = "--no-resolve", description = "Do not map IDs to Names in output")
  boolean noResolve;

  @Option(names = "--no-task-ids", description = "Do not include task IDs in output")
  boolean noTaskIds;

  @Option(names = "--no-trunc", description = "Do not truncate output")
  boolean noTrunc;

  @Option(names = "--raw", description = "Do not neatly format logs")
  boolean raw;

  @Override
  public Set<String> unsupportedFlags() {
    return Set.of("since");
  }

  @Override
  public int run() {
    String target = argument(0);
    JsonNode service = find(Paths.SERVICES, target);
    JsonNode task = service == null ? find(Paths.TASKS, target) : null;
    if (service == null && task == null) {
      throw new Failure("no such task or service: " + target);
    }
    String path =
        "%s/%s/logs?stdout=1&stderr=1&follow=%d&timestamps=%d&details=%d&tail=%s"
            .formatted(
                service == null ? Paths.TASKS : Paths.SERVICES,
                ApiClient.encode(target),
                follow ? 1 : 0,
                timestamps ? 1 : 0,
                details || !raw ? 1 : 0,
                ApiClient.encode(tail));
    long widest =
        service == null
            ? task == null ? 1 : task.path("Slot").asLong()
            : service.path("Spec").path("Mode").path("Replicated").path("Replicas").asLong(1);
    LogLines lines =
        raw
            ? null
            : new LogLines(
                api(),
                new LogLines.Style(timestamps, details, noResolve, noTaskIds, noTrunc),
                String.valueOf(widest).length());
    try (UnixHttp.Answer answer = api().open("GET", path, null, false)) {
      copy(new FrameReader(answer.body()), lines);
    } catch (IOException e) {
      throw new Failure("error reading logs: " + e.getMessage());
    }
    return 0;
  }

  private void copy(FrameReader frames, @Nullable LogLines lines) throws IOException {
    for (FrameReader.Frame frame = frames.next(); frame != null; frame = frames.next()) {
      byte[] payload = frame.payload();
      if (frame.stream() == 3) {
        out().flush();
        throw new Failure(
            "error from daemon in stream: " + new String(payload, StandardCharsets.UTF_8).strip());
      }
      PrintStream target = frame.stream() == 2 ? session().err() : out();
      byte[] text = lines == null ? payload : lines.format(payload);
      target.write(text, 0, text.length);
      target.flush();
    }
  }

  private @Nullable JsonNode find(String path, String name) {
    try {
      return api().getTree(path + "/" + ApiClient.encode(name));
    } catch (ApiFailure e) {
      if (e.notFound()) {
        return null;
      }
      throw e;
    }
  }
}
