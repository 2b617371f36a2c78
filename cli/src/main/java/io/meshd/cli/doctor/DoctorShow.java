package io.meshd.cli.doctor;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Checkups.Checkup;
import io.meshd.api.Checkups.Finding;
import io.meshd.api.Json;
import io.meshd.api.Paths;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.format.Inspection;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.Failure;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    description = {
      "Examine the nodes and the ways between them",
      "",
      "Every node that is up looks at itself and at its ways to the others, and each fault is shown"
          + " with its mend. Nothing is changed; each published TCP port is connected to once. The"
          + " exit code is 0 where nothing is wrong, and 1 where there is a warning or an error."
    })
@Arguments(usage = "[OPTIONS]", max = 0)
public final class DoctorShow extends CliCommand {
  @Option(
      names = {"-a", "--all"},
      description = "Show also what is well")
  boolean all;

  @Option(
      names = {"-f", "--format"},
      paramLabel = "string",
      description = "Format output using a custom template: json, or a Go template")
  @Nullable String format;

  @Option(names = "--local", description = "Examine this node alone, which needs no manager")
  boolean local;

  @Override
  public int run() {
    JsonNode answer = api().getTree(local ? Paths.LOCAL_DOCTOR : Paths.DOCTOR);
    Checkup checkup = read(answer);
    if (format == null || format.isEmpty()) {
      out().print(CheckupText.of(checkup, all));
    } else {
      Inspection inspection = new Inspection(format, null);
      inspection.add(answer);
      out().print(inspection.text());
    }
    return checkup.findings().stream().map(Finding::result).anyMatch(r -> r.faulty()) ? 1 : 0;
  }

  private static Checkup read(JsonNode answer) {
    try {
      return Json.MAPPER.treeToValue(answer, Checkup.class);
    } catch (JsonProcessingException e) {
      throw new Failure("the daemon's answer cannot be read: " + e.getOriginalMessage());
    }
  }
}
