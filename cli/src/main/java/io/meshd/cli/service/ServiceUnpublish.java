package io.meshd.cli.service;

import io.meshd.api.Services.PortConfig;
import io.meshd.cli.command.CliCommand;
import io.meshd.cli.grammar.Arguments;
import io.meshd.cli.grammar.Failure;
import io.meshd.cli.grammar.PublishSpec;
import io.meshd.cli.grammar.UsageFailure;
import java.util.List;
import picocli.CommandLine.Command;

@Command(description = "Take back a published port of a service")
@Arguments(usage = "PUBLISHED[:TARGET][/PROTOCOL] [SERVICE]", min = 1, max = 2)
public final class ServiceUnpublish extends CliCommand {
  @Override
  public int run() {
    String text = argument(0);
    List<PortConfig> gone = parse(text);
    String service = ServiceChoice.of(api(), arguments);
    new ServiceUpdates(api())
        .change(service, spec -> remove(spec, gone, text, service))
        .forEach(session().err()::println);
    out().println(service);
    return 0;
  }

  /** A port alone is the published one here: {@code 8080} is what a client of it knows. */
  private static List<PortConfig> parse(String text) {
    try {
      return PublishSpec.parse(text).ports();
    } catch (IllegalArgumentException e) {
      throw UsageFailure.flag(
          "invalid port \"%s\": %s".formatted(text, e.getMessage()),
          "meshctl service unpublish",
          "meshctl service unpublish PUBLISHED[:TARGET][/PROTOCOL] [SERVICE]");
    }
  }

  private static void remove(SpecTree spec, List<PortConfig> gone, String text, String service) {
    List<PortConfig> ports = SpecTree.read(spec.endpoint(), "Ports", PortConfig[].class);
    if (!ports.removeIf(port -> gone.stream().anyMatch(g -> matches(port, g)))) {
      throw new Failure("port %s is not published by service %s".formatted(text, service));
    }
    SpecTree.put(spec.endpoint(), "Ports", ports);
  }

  private static boolean matches(PortConfig port, PortConfig gone) {
    boolean publishedOnly = ServicePorts.published(gone) == 0;
    int published = publishedOnly ? gone.targetPort() : ServicePorts.published(gone);
    return ServicePorts.published(port) == published
        && ServicePorts.protocol(port).equals(ServicePorts.protocol(gone))
        && (publishedOnly || port.targetPort() == gone.targetPort());
  }
}
