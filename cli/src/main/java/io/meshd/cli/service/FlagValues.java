package io.meshd.cli.service;

import io.meshd.cli.grammar.Failure;
import io.meshd.cli.grammar.GoDuration;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Checks of flags' values that Docker leaves to whoever uses them. */
final class FlagValues {
  private FlagValues() {}

  /** Nothing when the flag was not given. */
  static <T> void set(@Nullable T value, Consumer<T> setter) {
    if (value != null) {
      setter.accept(value);
    }
  }

  static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new Failure(otherwise);
    }
  }

  static String oneOf(String flag, String value, String... allowed) {
    for (String candidate : allowed) {
      if (candidate.equals(value)) {
        return value;
      }
    }
    throw new Failure(
        "invalid value \"%s\" for --%s: must be one of %s"
            .formatted(value, flag, String.join(", ", allowed)));
  }

  /** Nanoseconds, not negative. */
  static long positive(String flag, GoDuration duration) {
    if (duration.nanos() < 0) {
      throw new Failure(
          "invalid value \"%s\" for --%s: must not be negative".formatted(duration, flag));
    }
    return duration.nanos();
  }
}
