package io.meshd.cli.service;

import io.meshd.cli.grammar.Failure;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes and shares as Docker's users write them. */
final class Quantities {
  private static final Pattern SIZE = Pattern.compile("(\\d+(?:\\.\\d+)?) ?([kmgtp]?)(?:i?b)?");
  private static final String UNITS = "kmgtp";
  private static final int BILLION = 9;

  private Quantities() {}

  /** Bytes: a number, with k, m, g, t or p for powers of 1024 (go-units, RAMInBytes). */
  static long bytes(String flag, String text) {
    Matcher size = SIZE.matcher(text.toLowerCase(Locale.ROOT));
    if (!size.matches()) {
      throw new Failure(
          "invalid argument \"%s\" for \"--%s\" flag: invalid size: '%s'"
              .formatted(text, flag, text));
    }
    int power = size.group(2).isEmpty() ? 0 : UNITS.indexOf(size.group(2)) + 1;
    return new BigDecimal(size.group(1)).multiply(BigDecimal.valueOf(1024).pow(power)).longValue();
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
