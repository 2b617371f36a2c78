package io.meshd.cli.format;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Locale;

/** Times, sizes and words as Docker shows them. */
public final class HumanText {
  private HumanText() {}

  private static final int ID_LENGTH = 12;

  /** The first twelve characters of an ID. */
  public static String shortId(String id) {
    return id.length() <= ID_LENGTH ? id : id.substring(0, ID_LENGTH);
  }

  /** {@code Running}: the first letter large, the others small. */
  public static String capital(String word) {
    return word.length() < 2
        ? word.toLowerCase(Locale.ROOT)
        : word.substring(0, 1).toUpperCase(Locale.ROOT)
            + word.substring(1).toLowerCase(Locale.ROOT);
  }

  /** At most {@code width} characters, the last one an ellipsis where something was cut. */
  public static String ellipsis(String text, int width) {
    return text.codePointCount(0, text.length()) <= width
        ? text
        : text.substring(0, text.offsetByCodePoints(0, width - 1)) + "…";
  }

  /** {@code 5 seconds}, {@code About a minute}, {@code 3 weeks}. */
  public static String duration(Duration length) {
    long seconds = length.toSeconds();
    long minutes = length.toMinutes();
    long hours = (long) (length.toMillis() / 3_600_000.0 + 0.5);
    if (seconds < 1) {
      return "Less than a second";
    }
    if (seconds == 1) {
      return "1 second";
    }
    if (seconds < 60) {
      return seconds + " seconds";
    }
    if (minutes == 1) {
      return "About a minute";
    }
    if (minutes < 60) {
      return minutes + " minutes";
    }
    if (hours == 1) {
      return "About an hour";
    }
    if (hours < 48) {
      return hours + " hours";
    }
    if (hours < 24 * 7 * 2) {
      return hours / 24 + " days";
    }
    if (hours < 24 * 30 * 2) {
      return hours / 24 / 7 + " weeks";
    }
    return hours < 24 * 365 * 2 ? hours / 24 / 30 + " months" : hours / 24 / 365 + " years";
  }

  /** How long ago an RFC 3339 time was: {@code 5 seconds ago}. */
  public static String ago(String timestamp) {
    return duration(Duration.between(instant(timestamp), Instant.now())) + " ago";
  }

  /** An RFC 3339 time; Go's zero time for what is no time. */
  public static Instant instant(String timestamp) {
    try {
      return OffsetDateTime.parse(timestamp).toInstant();
    } catch (DateTimeParseException e) {
      return Instant.parse("0001-01-01T00:00:00Z");
    }
  }

  /** Go's {@code time.Time.String}: {@code 2026-11-22 18:41:57.12 +0000 UTC}. */
  public static String goTime(String timestamp) {
    try {
      OffsetDateTime time = OffsetDateTime.parse(timestamp);
      String fraction =
          time.getNano() == 0
              ? ""
              : "." + String.format("%09d", time.getNano()).replaceAll("0+$", "");
      String zone = time.getOffset().getTotalSeconds() == 0 ? "UTC" : zone(time);
      return time.format(DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss"))
          + fraction
          + " "
          + zone(time)
          + " "
          + zone;
    } catch (DateTimeParseException e) {
      return "0001-01-01 00:00:00 +0000 UTC";
    }
  }

  private static String zone(OffsetDateTime time) {
    return time.format(DateTimeFormatter.ofPattern("xx"));
  }

  /** {@code 8GiB}, {@code 23.54GiB}: four digits, binary units. */
  public static String bytes(long size) {
    String[] units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    BigDecimal value = BigDecimal.valueOf(size);
    int unit = 0;
    while (value.compareTo(BigDecimal.valueOf(1024)) >= 0 && unit < units.length - 1) {
      value = value.divide(BigDecimal.valueOf(1024), MathContext.DECIMAL64);
      unit++;
    }
    return value
            .round(new MathContext(4, RoundingMode.HALF_EVEN))
            .stripTrailingZeros()
            .toPlainString()
        + units[unit];
  }

  /** Names with numbers in them in the order people expect: web.2 before web.10. */
  public static int natural(String left, String right) {
    int i = 0;
    int j = 0;
    while (i < left.length() && j < right.length()) {
      if (Character.isDigit(left.charAt(i)) && Character.isDigit(right.charAt(j))) {
        int leftEnd = digits(left, i);
        int rightEnd = digits(right, j);
        int order =
            new BigDecimal(left.substring(i, leftEnd))
                .compareTo(new BigDecimal(right.substring(j, rightEnd)));
        if (order != 0) {
          return order;
        }
        i = leftEnd;
        j = rightEnd;
      } else if (left.charAt(i) != right.charAt(j)) {
        return Character.compare(left.charAt(i), right.charAt(j));
      } else {
        i++;
        j++;
      }
    }
    return Integer.compare(left.length() - i, right.length() - j);
  }

  private static int digits(String text, int from) {
    int end = from;
    while (end < text.length() && Character.isDigit(text.charAt(end))) {
      end++;
    }
    return end;
  }
}
