package io.meshd.daemon.linux;

import com.fasterxml.jackson.databind.JsonNode;
import io.meshd.api.Json;
import io.meshd.ipam.Cidr;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Which of 172.17-31.0.0/16 this node's bridges can take: none that a host route overlaps. */
public final class HostSubnets {
  private static final int LAST = 31;

  /** The Docker Engine's own bridge. */
  private static final String DOCKER = "docker0";

  private HostSubnets() {}

  /**
   * The first free one.
   *
   * @param from second byte to start at: 17 for the local bridge, 18 for the gateway bridge
   * @param taken prefixes in use, 172.17.0.0/16 or 10.1.2.3
   * @throws IOException in words when none is left
   */
  public static String firstFree(int from, List<String> taken) throws IOException {
    return free(IntStream.rangeClosed(from, LAST), from, taken);
  }

  /** As {@link #firstFree}, from the other end: Docker's networks begin at the first. */
  static String lastFree(int from, List<String> taken) throws IOException {
    return free(
        IntStream.iterate(LAST, second -> second >= from, second -> second - 1), from, taken);
  }

  private static String free(IntStream seconds, int from, List<String> taken) throws IOException {
    for (int second : seconds.toArray()) {
      Cidr candidate = Cidr.parse("172." + second + ".0.0/16");
      if (taken.stream().noneMatch(t -> candidate.overlaps(prefix(t)))) {
        return candidate.toString();
      }
    }
    throw new IOException(
        "no subnet is free for this node's bridge: host routes overlap all of 172."
            + from
            + "-31.0.0/16");
  }

  /** Whether a Docker Engine has made its bridge here. */
  static boolean besideDocker(@Nullable Path netns) throws IOException {
    List<String> command = new ArrayList<>(NetworkNamespaces.enter(netns));
    command.addAll(List.of(ToolRun.find("ip"), "link", "show", "dev", DOCKER));
    return ToolRun.run(command, "").exit() == 0;
  }

  /** Destinations of all IPv4 routes of all tables, without default routes. */
  public static List<String> routes(@Nullable Path netns) throws IOException {
    return hostRoutes(netns).stream().map(Route::destination).toList();
  }

  /**
   * A route.
   *
   * @param destination 172.17.0.0/16 or 10.1.2.3
   * @param device empty where it has none, as a blackhole
   */
  public record Route(String destination, String device) {
    public Cidr prefix() {
      return HostSubnets.prefix(destination);
    }
  }

  /** All IPv4 routes of all tables, without default routes. */
  public static List<Route> hostRoutes(@Nullable Path netns) throws IOException {
    List<String> command = new ArrayList<>(NetworkNamespaces.enter(netns));
    command.addAll(List.of(ToolRun.find("ip"), "-4", "-j", "route", "show", "table", "all"));
    ToolRun run = ToolRun.run(command, "");
    if (run.exit() != 0) {
      throw new LinuxException(List.of("ip route show: " + run.err().strip()));
    }
    List<Route> routes = new ArrayList<>();
    if (!run.out().isBlank()) {
      for (JsonNode route : Json.MAPPER.readTree(run.out())) {
        String destination = route.path("dst").asText("default");
        if (!destination.equals("default") && !destination.equals("0.0.0.0/0")) {
          routes.add(new Route(destination, route.path("dev").asText("")));
        }
      }
    }
    return routes;
  }

  private static Cidr prefix(String destination) {
    return Cidr.parse(destination.indexOf('/') < 0 ? destination + "/32" : destination);
  }
}
