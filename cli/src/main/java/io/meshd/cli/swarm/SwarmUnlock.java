package io.meshd.cli.swarm;

import io.meshd.api.Paths;
import io.meshd.api.Swarm;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.command.Terminals;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.Failure;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine.Command;

/** The key is read from a terminal without echo, or from whatever is the input. */
@Command(description = "Unlock swarm")
@Arguments(usage = "", max = 0)
public final class SwarmUnlock extends CliCommand {
  @Override
  public int run() {
    String state = api().get(Paths.INFO, Swarm.SystemInfo.class).swarm().localNodeState();
    if (state.equals("inactive")) {
      throw new Failure("Error: This node is not part of a swarm");
    }
    if (!state.equals("locked")) {
      throw new Failure("Error: swarm is not locked");
    }
    api().call("POST", Paths.SWARM + "/unlock", new Swarm.UnlockKey(key()));
    return 0;
  }

  private String key() {
    Console console = Terminals.is(0) ? System.console() : null;
    if (console != null) {
      char[] typed = console.readPassword("Enter unlock key: ");
      return typed == null ? "" : new String(typed).strip();
    }
    try {
      String line =
          new BufferedReader(new InputStreamReader(session().in(), StandardCharsets.UTF_8))
              .readLine();
      return line == null ? "" : line.strip();
    } catch (IOException e) {
      throw new Failure(String.valueOf(e.getMessage()));
    }
  }
}
