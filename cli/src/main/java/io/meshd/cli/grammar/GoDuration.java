package io.meshd.cli.grammar;

import java.math.BigDecimal;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A length of time in nanoseconds, written as Go writes it: {@code 1h15m30.5s}, {@code 300ms}. */
public record GoDuration(long nanos) {
  private static final Pattern PART = Pattern.compile("(\\d+\\.?\\d*|\\.\\d+)([^\\d.]*)");
  private static final long SECOND = 1_000_000_000L;
  private static final Map<String, Long> UNITS =
      Map.of(
          "ns",
          1L,
          "us",
          1_000L,
          "µs",
          1_000L,
          "μs",
          1_000L,
          "ms",
          1_000_000L,
          "s",
          SECOND,
          "m",
          60 * SECOND,
          "h",
          3600 * SECOND);

  /** Reads a duration; the messages are those of Go's {@code time.ParseDuration}. */
  public static GoDuration parse(String text) {
    String rest = text;
    boolean negative = rest.startsWith("-");
    if (negative || rest.startsWith("+")) {
      rest = rest.substring(1);
    }
    if (rest.equals("0")) {
      return new GoDuration(0);
    }
    if (rest.isEmpty()) {
      throw invalid(text);
    }
    BigDecimal nanos = BigDecimal.ZERO;
    Matcher part = PART.matcher(rest);
    int at = 0;
    while (at < rest.length()) {
      if (!part.find(at) || part.start() != at) {
        throw invalid(text);
      }
      String unit = part.group(2);
      if (unit.isEmpty()) {
        throw new IllegalArgumentException("time: missing unit in duration " + Values.quote(text));
      }
      Long size = UNITS.get(unit);
      if (size == null) {
        throw new IllegalArgumentException(
            "time: unknown unit %s in duration %s"
                .formatted(Values.quote(unit), Values.quote(text)));
      }
      nanos = nanos.add(new BigDecimal(part.group(1)).multiply(BigDecimal.valueOf(size)));
      at = part.end();
    }
    if (nanos.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
      throw invalid(text);
    }
    return new GoDuration(negative ? -nanos.longValue() : nanos.longValue());
  }

  private static IllegalArgumentException invalid(String text) {
    return new IllegalArgumentException("time: invalid duration " + Values.quote(text));
  }

  /** As Go prints it: {@code 1m0s}, {@code 1.5s}, {@code 300ms}, {@code 0s}. */
  @Override
  public String toString() {
    if (nanos == 0) {
      return "0s";
    }
    String sign = nanos < 0 ? "-" : "";
    long size = Math.abs(nanos);
    if (size < 1_000) {
      return sign + size + "ns";
    }
    if (size < 1_000_000) {
      return sign + decimal(size, 1_000) + "µs";
    }
    if (size < SECOND) {
      return sign + decimal(size, 1_000_000) + "ms";
    }
    long hours = size / (3600 * SECOND);
    long minutes = size / (60 * SECOND) % 60;
    StringBuilder out = new StringBuilder(sign);
    if (hours > 0) {
      out.append(hours).append('h');
    }
    if (hours > 0 || minutes > 0) {
      out.append(minutes).append('m');
    }
    return out.append(decimal(size % (60 * SECOND), SECOND)).append('s').toString();
  }

  private static String decimal(long value, long unit) {
    return BigDecimal.valueOf(value)
        .divide(BigDecimal.valueOf(unit))
        .stripTrailingZeros()
        .toPlainString();
  }
}
