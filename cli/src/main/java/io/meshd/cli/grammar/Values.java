package io.meshd.cli.grammar;

import java.math.BigInteger;
import picocli.CommandLine;

/**
 * What the values of flags may look like; the messages are those of Go's strconv and Docker's
 * option types. Every failure is an {@link IllegalArgumentException} with only the cause in it.
 */
public final class Values {
  private Values() {}

  private static final BigInteger MAX = BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);

  /** The value in the type of a flag's field; strings are taken as they are. */
  static Object convert(Class<?> type, String value) {
    if (type == Long.class || type == long.class) {
      return parseUint(value);
    }
    if (type == Integer.class || type == int.class) {
      return parseInt(value);
    }
    if (type == Double.class) {
      return parseFloat(value);
    }
    if (type == GoDuration.class) {
      return GoDuration.parse(value);
    }
    if (type == PublishSpec.class) {
      return PublishSpec.parse(value);
    }
    if (type == NetworkSpec.class) {
      return NetworkSpec.parse(value);
    }
    if (type == FilterSpec.class) {
      return FilterSpec.parse(value);
    }
    if (type == EnvSpec.class) {
      return EnvSpec.parse(value);
    }
    if (type == KeyValue.class) {
      return KeyValue.parse(value);
    }
    if (type == MountSpec.class) {
      return MountSpec.parse(value);
    }
    if (type == HostSpec.class) {
      return HostSpec.parse(value);
    }
    if (type == IpSpec.class) {
      return IpSpec.parse(value);
    }
    if (type == DomainSpec.class) {
      return DomainSpec.parse(value);
    }
    if (type == UlimitSpec.class) {
      return UlimitSpec.parse(value);
    }
    return value;
  }

  /** Teaches picocli the same conversions. */
  public static void register(CommandLine line) {
    line.registerConverter(Long.class, Values::parseUint);
    line.registerConverter(Integer.class, Values::parseInt);
    line.registerConverter(Double.class, Values::parseFloat);
    line.registerConverter(GoDuration.class, GoDuration::parse);
    line.registerConverter(PublishSpec.class, PublishSpec::parse);
    line.registerConverter(NetworkSpec.class, NetworkSpec::parse);
    line.registerConverter(FilterSpec.class, FilterSpec::parse);
    line.registerConverter(EnvSpec.class, EnvSpec::parse);
    line.registerConverter(KeyValue.class, KeyValue::parse);
    line.registerConverter(MountSpec.class, MountSpec::parse);
    line.registerConverter(HostSpec.class, HostSpec::parse);
    line.registerConverter(IpSpec.class, IpSpec::parse);
    line.registerConverter(DomainSpec.class, DomainSpec::parse);
    line.registerConverter(UlimitSpec.class, UlimitSpec::parse);
  }

  /** An unsigned number; more than 2^63-1 is out of range for us, as 2^64 is for Go. */
  public static long parseUint(String value) {
    if (value.isEmpty() || !value.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw number("ParseUint", value, "invalid syntax");
    }
    BigInteger number = new BigInteger(value);
    if (number.compareTo(MAX) > 0 || number.bitLength() > 63) {
      throw number("ParseUint", value, "value out of range");
    }
    return number.longValueExact();
  }

  static int parseInt(String value) {
    try {
      return Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw number("ParseInt", value, "invalid syntax");
    }
  }

  static long parseLong(String value) {
    try {
      return Long.parseLong(value);
    } catch (NumberFormatException e) {
      throw number("ParseInt", value, "invalid syntax");
    }
  }

  static double parseFloat(String value) {
    try {
      return Double.parseDouble(value);
    } catch (NumberFormatException e) {
      throw number("ParseFloat", value, "invalid syntax");
    }
  }

  static boolean parseBool(String value) {
    return switch (value) {
      case "1", "t", "T", "true", "TRUE", "True" -> true;
      case "0", "f", "F", "false", "FALSE", "False" -> false;
      default -> throw number("ParseBool", value, "invalid syntax");
    };
  }

  private static IllegalArgumentException number(String function, String value, String why) {
    return new IllegalArgumentException(
        "strconv.%s: parsing %s: %s".formatted(function, quote(value), why));
  }

  /** Go's {@code %q} for the text a user types. */
  public static String quote(String value) {
    StringBuilder out = new StringBuilder("\"");
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\t' -> out.append("\\t");
        case '\r' -> out.append("\\r");
        default -> out.append(c);
      }
    }
    return out.append('"').toString();
  }
}
