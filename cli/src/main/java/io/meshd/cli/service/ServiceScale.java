package io.meshd.cli.service;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.Failure;
import io.meshd.cli.grammar.UsageFailure;
import io.meshd.cli.grammar.Values;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(description = "Scale one or multiple replicated services")
@Arguments(usage = "SERVICE=REPLICAS [SERVICE=REPLICAS...]", min = 1)
public final class ServiceScale extends CliCommand {
  @Option(
      names = {"-d", "--detach"},
      description = "Exit immediately instead of waiting for the service to converge")
  boolean detach;

  @Override
  public int run() {
    for (String argument : arguments) {
      int equals = argument.indexOf('=');
      if (equals <= 0 || equals == argument.length() - 1) {
        throw UsageFailure.plain(
            ("invalid scale specifier '%s'.%nSee 'meshctl service scale --help'.%n%n"
                    + "Usage:  meshctl service scale SERVICE=REPLICAS [SERVICE=REPLICAS...]%n%n"
                    + "Scale one or multiple replicated services")
                .formatted(argument));
      }
    }
    List<String> scaled = new ArrayList<>();
    List<String> errors = new ArrayList<>();
    for (String argument : arguments) {
      int equals = argument.indexOf('=');
      String name = argument.substring(0, equals);
      try {
        scale(name, argument.substring(equals + 1));
        scaled.add(name);
      } catch (Failure e) {
        errors.add(name + ": " + e.text());
      }
    }
    out().flush();
    for (String name : detach ? List.<String>of() : scaled) {
      try {
        Convergence.await(session(), name, false);
      } catch (Failure e) {
        errors.add(name + ": " + e.text());
      }
    }
    errors.forEach(session().err()::println);
    return errors.isEmpty() ? 0 : 1;
  }

  private void scale(String name, String count) {
    long replicas;
    try {
      replicas = Values.parseUint(count);
    } catch (IllegalArgumentException e) {
      throw new Failure("invalid replicas value %s: %s".formatted(count, e.getMessage()));
    }
    ServiceUpdates updates = new ServiceUpdates(api());
    ServiceUpdates.Loaded service = updates.load(name);
    if (!(service.spec().root().path("Mode").path("Replicated") instanceof ObjectNode replicated)) {
      throw new Failure("scale can only be used with replicated or replicated-job mode");
    }
    replicated.put("Replicas", replicas);
    updates.send(service, "").forEach(session().err()::println);
    out().printf("%s scaled to %d%n", name, replicas);
  }
}
