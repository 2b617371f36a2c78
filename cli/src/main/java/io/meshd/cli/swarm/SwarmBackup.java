package io.meshd.cli.swarm;

import io.meshd.api.Paths;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.Failure;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import picocli.CommandLine.Command;

/** The file appears whole or not at all, and nobody but its owner reads it. */
@Command(description = "Write what a manager needs to begin again into a file")
@Arguments(usage = "FILE", min = 1, max = 1)
public final class SwarmBackup extends CliCommand {
  @Override
  public int run() {
    Path file = Path.of(argument(0)).toAbsolutePath();
    byte[] backup = api().getBytes(Paths.BACKUP);
    try {
      write(file, backup);
    } catch (FileSystemException e) {
      throw new Failure(
          "the backup cannot be written to %s: %s"
              .formatted(file, e.getReason() == null ? "no such folder" : e.getReason()));
    } catch (IOException e) {
      throw new Failure("the backup cannot be written to %s: %s".formatted(file, e.getMessage()));
    }
    out().printf("Swarm backed up to %s (%d bytes).%n", file, backup.length);
    out().println("Whoever can read this file can join and change the swarm: keep it safe.");
    return 0;
  }

  private static void write(Path file, byte[] backup) throws IOException {
    Path part = file.resolveSibling("." + file.getFileName() + "." + ProcessHandle.current().pid());
    try {
      Files.createFile(
          part, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      try (FileOutputStream out = new FileOutputStream(part.toFile())) {
        out.write(backup);
        out.getFD().sync();
      }
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }
}
