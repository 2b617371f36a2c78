package io.meshd.ipam;

/** IPv4 addresses as 32-bit numbers, network byte order read as one int, and their dotted text. */
public final class Ipv4 {
  private Ipv4() {}

  /**
   * @param text four decimal numbers without leading zeros
   * @throws IllegalArgumentException when it is anything else
   */
  public static int parse(String text) {
    String[] parts = text.split("\\.", -1);
    if (parts.length != 4) {
      throw new IllegalArgumentException("invalid IPv4 address: " + text);
    }
    int address = 0;
    for (String part : parts) {
      address = (address << 8) | octet(part, text);
    }
    return address;
  }

  private static int octet(String part, String text) {
    boolean digits =
        !part.isEmpty()
            && part.length() <= 3
            && part.chars().allMatch(c -> c >= '0' && c <= '9')
            && (part.length() == 1 || part.charAt(0) != '0');
    if (!digits || Integer.parseInt(part) > 255) {
      throw new IllegalArgumentException("invalid IPv4 address: " + text);
    }
    return Integer.parseInt(part);
  }

  /** Dotted text, 10.0.1.3. */
  public static String format(int address) {
    return (address >>> 24)
        + "."
        + ((address >>> 16) & 0xff)
        + "."
        + ((address >>> 8) & 0xff)
        + "."
        + (address & 0xff);
  }
}
