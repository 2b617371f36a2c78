package io.meshd.cli.service;

import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.PublishSpec;
import io.meshd.cli.grammar.UsageFailure;
import picocli.CommandLine.Command;

@Command(description = "Publish a port of a service")
@Arguments(usage = "PUBLISHED:TARGET[/PROTOCOL] [SERVICE]", min = 1, max = 2)
public final class ServicePublish extends CliCommand {
  @Override
  public int run() {
    PublishSpec published = parse(argument(0));
    String service = ServiceChoice.of(api(), arguments);
    new ServiceUpdates(api())
        .change(service, spec -> ServiceUpdate.publish(spec, published.ports()))
        .forEach(session().err()::println);
    out().println(service);
    return 0;
  }

  private static PublishSpec parse(String text) {
    try {
      return PublishSpec.parse(text);
    } catch (IllegalArgumentException e) {
      throw UsageFailure.flag(
          "invalid port \"%s\": %s".formatted(text, e.getMessage()),
          "meshctl service publish",
          "meshctl service publish PUBLISHED:TARGET[/PROTOCOL] [SERVICE]");
    }
  }
}
