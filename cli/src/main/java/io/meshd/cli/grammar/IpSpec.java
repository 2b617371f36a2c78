package io.meshd.cli.grammar;

import java.net.Inet6Address;
import java.util.regex.Pattern;

/** One {@code --dns}: an IP address, as it is written (RFC 5952 for IPv6). */
public record IpSpec(String address) {
  private static final String BYTE = "(25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
  private static final Pattern IPV4 = Pattern.compile(BYTE + "(\\." + BYTE + "){3}");
  private static final int GROUPS = 8;

  public static IpSpec parse(String text) {
    String plain = text.strip();
    if (IPV4.matcher(plain).matches()) {
      return new IpSpec(plain);
    }
    if (plain.indexOf(':') >= 0 && plain.indexOf('%') < 0 && plain.indexOf('[') < 0) {
      try {
        // An IPv4-mapped one becomes an Inet4Address.
        java.net.InetAddress address = Inet6Address.ofLiteral(plain);
        return new IpSpec(
            address instanceof Inet6Address
                ? shortest(address.getAddress())
                : address.getHostAddress());
      } catch (IllegalArgumentException _) {
        // said below
      }
    }
    throw new IllegalArgumentException("IP address is not correctly formatted: " + text);
  }

  /** The first of the longest runs of zeros, of two groups at least, is left out. */
  private static String shortest(byte[] bytes) {
    int[] groups = new int[GROUPS];
    for (int i = 0; i < GROUPS; i++) {
      groups[i] = ((bytes[2 * i] & 0xff) << 8) | (bytes[2 * i + 1] & 0xff);
    }
    int best = -1;
    int most = 1;
    for (int i = 0; i < GROUPS; i++) {
      int end = i;
      while (end < GROUPS && groups[end] == 0) {
        end++;
      }
      if (end - i > most) {
        best = i;
        most = end - i;
      }
    }
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < GROUPS; i++) {
      if (i == best) {
        out.append("::");
        i += most - 1;
      } else {
        out.append(out.isEmpty() || out.charAt(out.length() - 1) == ':' ? "" : ":");
        out.append(Integer.toHexString(groups[i]));
      }
    }
    return out.toString();
  }
}
