package io.meshd.cli.service;

import io.meshd.api.Services.PortConfig;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The PORTS column of {@code service ls}: {@code *:8080->80/tcp}, neighbours joined as {@code
 * *:8080-8082->80-82/tcp}; the star is the address where only one answers. Ports of host mode are
 * the tasks' and not shown here.
 */
final class PortColumn {
  private PortColumn() {}

  private record Run(
      String ip, int published, int publishedEnd, int target, int targetEnd, String protocol) {
    static Run of(PortConfig port) {
      int published = ServicePorts.published(port);
      int target = port.targetPort();
      return new Run(
          ServicePorts.address(port),
          published,
          published,
          target,
          target,
          ServicePorts.protocol(port));
    }

    /** Docker's rule: both sides go up by at most one, and a range never takes a target twice. */
    boolean takes(Run next) {
      boolean isRange = targetEnd != target;
      return next.protocol.equals(protocol)
          && next.ip.equals(ip)
          && next.published - publishedEnd <= 1
          && next.target >= targetEnd
          && next.target - targetEnd <= 1
          && !(isRange && next.target <= targetEnd);
    }

    Run with(Run next) {
      return new Run(ip, published, next.published, target, next.target, protocol);
    }

    String text() {
      return ip
          + ":"
          + side(published, publishedEnd)
          + "->"
          + side(target, targetEnd)
          + "/"
          + protocol;
    }

    private static String side(int first, int last) {
      return last > first ? first + "-" + last : String.valueOf(first);
    }
  }

  static String text(@Nullable List<PortConfig> ports) {
    if (ports == null) {
      return "";
    }
    List<Run> sorted =
        ports.stream()
            .filter(port -> ServicePorts.mode(port).equals("ingress"))
            .map(Run::of)
            .sorted(
                Comparator.comparing(Run::protocol)
                    .thenComparing(Run::ip)
                    .thenComparingInt(Run::published))
            .toList();
    List<String> texts = new ArrayList<>();
    Run run = null;
    for (Run port : sorted) {
      if (run != null && run.takes(port)) {
        run = run.with(port);
        continue;
      }
      if (run != null) {
        texts.add(run.text());
      }
      run = port;
    }
    if (run != null) {
      texts.add(run.text());
    }
    return String.join(", ", texts);
  }
}
