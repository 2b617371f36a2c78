package io.meshd.cli.grammar;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Bytes: a number, with k, m, g, t or p for powers of 1024 (go-units, RAMInBytes). */
public final class ByteSize {
  private static final Pattern SIZE = Pattern.compile("(\\d+(?:\\.\\d+)?) ?([kmgtp]?)(?:i?b)?");
  private static final String UNITS = "kmgtp";

  private ByteSize() {}

  /**
   * @throws IllegalArgumentException in Docker's words
   */
  public static long parse(String text) {
    Matcher size = SIZE.matcher(text.toLowerCase(Locale.ROOT));
    if (!size.matches()) {
      throw new IllegalArgumentException("invalid size: '%s'".formatted(text));
    }
    int power = size.group(2).isEmpty() ? 0 : UNITS.indexOf(size.group(2)) + 1;
    return new BigDecimal(size.group(1)).multiply(BigDecimal.valueOf(1024).pow(power)).longValue();
  }
}
