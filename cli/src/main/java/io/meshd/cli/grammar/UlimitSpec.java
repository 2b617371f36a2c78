package io.meshd.cli.grammar;

import io.meshd.api.Containers;
import java.util.List;
import java.util.Set;

/** One {@code --ulimit}: {@code name=soft[:hard]}, -1 for no limit (go-units, ParseUlimit). */
public record UlimitSpec(String name, long soft, long hard) {
  private static final Set<String> NAMES =
      Set.of(
          "core",
          "cpu",
          "data",
          "fsize",
          "locks",
          "memlock",
          "msgqueue",
          "nice",
          "nofile",
          "nproc",
          "rss",
          "rtprio",
          "rttime",
          "sigpending",
          "stack");

  public static UlimitSpec parse(String text) {
    int equals = text.indexOf('=');
    if (equals < 0) {
      throw new IllegalArgumentException("invalid ulimit argument: " + text);
    }
    String name = text.substring(0, equals);
    if (!NAMES.contains(name)) {
      throw new IllegalArgumentException("invalid ulimit type: " + name);
    }
    String values = text.substring(equals + 1);
    List<String> limits = List.of(values.split(":", -1));
    if (limits.size() > 2) {
      throw new IllegalArgumentException(
          "too many limit value arguments - %s, can only have up to two, `soft[:hard]`"
              .formatted(values));
    }
    long hard = Values.parseLong(limits.getLast());
    long soft = Values.parseLong(limits.getFirst());
    if (hard != -1 && (soft == -1 || soft > hard)) {
      throw new IllegalArgumentException(
          "ulimit soft limit must be less than or equal to hard limit: "
              + (soft == -1 ? "soft: -1 (unlimited), hard: " + hard : soft + " > " + hard));
    }
    return new UlimitSpec(name, soft, hard);
  }

  public Containers.Ulimit limit() {
    return new Containers.Ulimit(name, soft, hard);
  }
}
