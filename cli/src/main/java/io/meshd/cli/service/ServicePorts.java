package io.meshd.cli.service;

import io.meshd.api.Services.PortConfig;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/** Adding and removing published ports, as {@code service update} does. */
final class ServicePorts {
  private ServicePorts() {}

  /**
   * Takes away what has the same target, protocol and mode; adds what is not there, and what is
   * there in the way that is now asked for.
   */
  static List<PortConfig> edit(
      List<PortConfig> current, List<PortConfig> remove, List<PortConfig> add) {
    Map<String, PortConfig> known = new LinkedHashMap<>();
    current.forEach(port -> known.putIfAbsent(text(port), port));
    List<PortConfig> result = new ArrayList<>();
    for (PortConfig port : known.values()) {
      if (remove.stream().noneMatch(gone -> sameTarget(port, gone))) {
        result.add(port);
      }
    }
    Set<String> added = add.stream().map(ServicePorts::text).collect(Collectors.toSet());
    result.removeIf(port -> added.contains(text(port)));
    add.stream().filter(port -> added.remove(text(port))).forEach(result::add);
    result.sort(Comparator.comparing(ServicePorts::text));
    return result;
  }

  static boolean sameTarget(PortConfig left, PortConfig right) {
    return left.targetPort() == right.targetPort()
        && protocol(left).equals(protocol(right))
        && mode(left).equals(mode(right));
  }

  static int published(PortConfig port) {
    return Objects.requireNonNullElse(port.publishedPort(), 0);
  }

  /** The only address that answers, or a star. */
  static String address(PortConfig port) {
    return Objects.requireNonNullElse(port.hostIp(), "*");
  }

  static String protocol(PortConfig port) {
    return Objects.requireNonNullElse(port.protocol(), "tcp");
  }

  static String mode(PortConfig port) {
    return Objects.requireNonNullElse(port.publishMode(), "ingress");
  }

  private static String text(PortConfig port) {
    String text =
        "%d:%d/%s/%s".formatted(published(port), port.targetPort(), protocol(port), mode(port));
    return port.hostIp() == null ? text : text + "/" + port.hostIp();
  }
}
