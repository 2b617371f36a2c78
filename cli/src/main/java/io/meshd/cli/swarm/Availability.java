package io.meshd.cli.swarm;

import io.meshd.cli.grammar.Failure;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The value of {@code --availability}. */
final class Availability {
  private Availability() {}

  static @Nullable String check(@Nullable String given) {
    if (given == null) {
      return null;
    }
    String value = given.toLowerCase(Locale.ROOT);
    return switch (value) {
      case "active", "pause", "drain" -> value;
      default ->
          throw new Failure(
              "invalid availability \"%s\", only active, pause and drain are supported"
                  .formatted(given));
    };
  }
}
