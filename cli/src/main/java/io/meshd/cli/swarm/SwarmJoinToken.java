package io.meshd.cli.swarm;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Paths;
import io.meshd.api.Swarm;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.Failure;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "Manage join tokens")
@Arguments(usage = "[OPTIONS] (worker|manager)", min = 1, max = 1)
public final class SwarmJoinToken extends CliCommand {
  @Option(
      names = {"-q", "--quiet"},
      description = "Only display token")
  boolean quiet;

  @Option(names = "--rotate", description = "Rotate join token")
  boolean rotate;

  @Override
  public int run() {
    String role = argument(0);
    boolean worker = role.equals("worker");
    if (!worker && !role.equals("manager")) {
      throw new Failure("unknown role " + role);
    }
    if (rotate) {
      JsonNode swarm = api().getTree(Paths.SWARM);
      String parameter = worker ? "rotateWorkerToken" : "rotateManagerToken";
      api()
          .call(
              "POST",
              "%s/update?version=%d&%s=true"
                  .formatted(Paths.SWARM, swarm.path("Version").path("Index").asLong(), parameter),
              swarm.path("Spec"));
      if (!quiet) {
        out().printf("Successfully rotated %s join token.%n%n", role);
      }
    }
    if (quiet) {
      Swarm.JoinTokens tokens = api().get(Paths.SWARM, Swarm.SwarmInspect.class).joinTokens();
      out().println(worker ? tokens.worker() : tokens.manager());
      return 0;
    }
    // A worker has no tokens to show; only a manager answers this, with the reason.
    api().getTree(Paths.SWARM);
    Swarm.SystemInfo info = api().get(Paths.INFO, Swarm.SystemInfo.class);
    new JoinInstructions(api(), out()).print(info.swarm().nodeId(), worker, !worker);
    return 0;
  }
}
