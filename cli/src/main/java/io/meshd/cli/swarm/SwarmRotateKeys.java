package io.meshd.cli.swarm;

import io.meshd.api.Mesh;
import io.meshd.api.Paths;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Ends when all nodes that can be reached send with the new keys. */
@Command(description = "Replace the keys of gossip and of encrypted networks")
@Arguments(usage = "[OPTIONS]", max = 0)
public final class SwarmRotateKeys extends CliCommand {
  private static final long POLL_MILLIS = 200;

  @Option(
      names = {"-d", "--detach"},
      description = "Exit immediately instead of waiting for the keys to be in use")
  boolean detach;

  @Override
  public int run() {
    api().call("POST", Paths.ROTATE_KEYS, null);
    if (detach) {
      return 0;
    }
    Mesh.Keys keys = api().get(Paths.KEYS, Mesh.Keys.class);
    while (keys.rotation() != null) {
      try {
        Thread.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return 1;
      }
      keys = api().get(Paths.KEYS, Mesh.Keys.class);
    }
    out().printf("Gossip is encrypted with key %s.%n", keys.gossip().getFirst());
    out().printf("Encrypted networks are sealed with key %s.%n", keys.data().getFirst());
    return 0;
  }
}
