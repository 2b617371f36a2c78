package io.meshd.cli.network;

import io.meshd.api.Paths;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.http.ApiClient;
import io.meshd.cli.http.ApiFailure;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "Remove one or more networks")
@Arguments(usage = "[OPTIONS] NETWORK [NETWORK...]", min = 1)
public final class NetworkRemove extends CliCommand {
  @Option(
      names = {"-f", "--force"},
      description = "Do not error if the network does not exist")
  boolean force;

  @Override
  public int run() {
    return each(
        arguments,
        name -> {
          try {
            api().call("DELETE", Paths.NETWORKS + "/" + ApiClient.encode(name), null);
            out().println(name);
          } catch (ApiFailure e) {
            if (!force || !e.notFound()) {
              throw e;
            }
          }
        });
  }
}
