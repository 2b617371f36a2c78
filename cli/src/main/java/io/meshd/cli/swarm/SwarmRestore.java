package io.meshd.cli.swarm;

import io.meshd.api.Paths;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.Failure;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import picocli.CommandLine.Command;

@Command(description = "Begin again with a swarm from a file")
@Arguments(usage = "FILE", min = 1, max = 1)
public final class SwarmRestore extends CliCommand {
  @Override
  public int run() {
    String nodeId = api().postBytes(Paths.RESTORE, read(Path.of(argument(0))), String.class);
    out().printf("Swarm restored: current node (%s) is now a manager.%n", nodeId);
    return 0;
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new Failure("%s: no such file".formatted(file));
    } catch (AccessDeniedException e) {
      throw new Failure("%s: permission denied".formatted(file));
    } catch (IOException e) {
      throw new Failure("%s cannot be read: %s".formatted(file, e.getMessage()));
    }
  }
}
