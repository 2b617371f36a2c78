package io.meshd.daemon.dns;

import io.meshd.ipam.Ipv6;
import io.netty.util.NetUtil;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * IPv4 addresses as integers, and their names below in-addr.arpa (RFC 1035 section 3.5); names of
 * IPv6 addresses below ip6.arpa (RFC 3596 section 2.5).
 */
final class Reverse {
  private static final Pattern NAME =
      Pattern.compile("(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.(\\d{1,3})\\.in-addr\\.arpa");

  private static final Pattern IPV6_NAME = Pattern.compile("(?:[0-9a-f]\\.){32}ip6\\.arpa");

  private Reverse() {}

  /** Of a dotted address, with or without a prefix length. */
  static int address(String dotted) {
    int slash = dotted.indexOf('/');
    byte[] bytes =
        NetUtil.createByteArrayFromIpAddressString(slash < 0 ? dotted : dotted.substring(0, slash));
    if (bytes == null || bytes.length != 4) {
      throw new IllegalArgumentException("not an IPv4 address: " + dotted);
    }
    return (bytes[0] << 24) | ((bytes[1] & 255) << 16) | ((bytes[2] & 255) << 8) | (bytes[3] & 255);
  }

  static String name(int address) {
    return (address & 255)
        + "."
        + ((address >>> 8) & 255)
        + "."
        + ((address >>> 16) & 255)
        + "."
        + (address >>> 24)
        + ".in-addr.arpa";
  }

  /** The address whose name it is, or null. */
  static @Nullable Integer address(DomainName name) {
    if (name.labels() != 6) {
      return null;
    }
    Matcher matcher = NAME.matcher(name.toString());
    if (!matcher.matches()) {
      return null;
    }
    int address = 0;
    for (int group = 4; group >= 1; group--) {
      int octet = Integer.parseInt(matcher.group(group));
      if (octet > 255) {
        return null;
      }
      address = (address << 8) | octet;
    }
    return address;
  }

  /** The IPv6 address whose name it is, or null. */
  static @Nullable Ipv6 ipv6(DomainName name) {
    if (name.labels() != 34) {
      return null;
    }
    String text = name.toString();
    if (!IPV6_NAME.matcher(text).matches()) {
      return null;
    }
    long high = 0;
    long low = 0;
    for (int i = 0; i < 16; i++) {
      low |= (long) Character.digit(text.charAt(2 * i), 16) << (4 * i);
      high |= (long) Character.digit(text.charAt(32 + 2 * i), 16) << (4 * i);
    }
    return new Ipv6(high, low);
  }
}
