package io.meshd.cli.service;

import io.meshd.cli.grammar.ByteSize;
import io.meshd.cli.grammar.Failure;
import java.math.BigDecimal;

/** Sizes and shares as Docker's users write them. */
final class Quantities {
  private static final int BILLION = 9;

  private Quantities() {}

  /** Bytes, as {@link ByteSize} reads them. */
  static long bytes(String flag, String text) {
    try {
      return ByteSize.parse(text);
    } catch (IllegalArgumentException e) {
      throw new Failure(
          "invalid argument \"%s\" for \"--%s\" flag: %s".formatted(text, flag, e.getMessage()));
    }
  }

  /** Billionths of a processor. */
  static long cpus(String flag, String text) {
    try {
      return new BigDecimal(text).movePointRight(BILLION).longValueExact();
    } catch (ArithmeticException _) {
      throw new Failure(
          "invalid argument \"%s\" for \"--%s\" flag: value is too precise".formatted(text, flag));
    } catch (NumberFormatException _) {
      throw new Failure(
          "invalid argument \"%s\" for \"--%s\" flag: failed to parse %s as a rational number"
              .formatted(text, flag, text));
    }
  }
}
