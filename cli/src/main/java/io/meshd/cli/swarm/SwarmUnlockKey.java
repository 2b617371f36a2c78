package io.meshd.cli.swarm;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Paths;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.Failure;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "Manage the unlock key")
@Arguments(usage = "[OPTIONS]", max = 0)
public final class SwarmUnlockKey extends CliCommand {
  @Option(
      names = {"-q", "--quiet"},
      description = "Only display token")
  boolean quiet;

  @Option(names = "--rotate", description = "Rotate unlock key")
  boolean rotate;

  @Override
  public int run() {
    if (rotate) {
      JsonNode swarm = api().getTree(Paths.SWARM);
      if (!UnlockInstructions.isLocked(swarm.path("Spec"))) {
        throw new Failure("cannot rotate because autolock is not turned on");
      }
      api()
          .call(
              "POST",
              "%s/update?version=%d&rotateManagerUnlockKey=true"
                  .formatted(Paths.SWARM, swarm.path("Version").path("Index").asLong()),
              swarm.path("Spec"));
      if (!quiet) {
        out().println("Successfully rotated manager unlock key.");
      }
    }
    UnlockInstructions instructions = new UnlockInstructions(api(), out());
    String key = instructions.key();
    if (key.isEmpty()) {
      throw new Failure("no unlock key is set");
    }
    if (quiet) {
      out().println(key);
    } else {
      instructions.print(key);
    }
    return 0;
  }
}
