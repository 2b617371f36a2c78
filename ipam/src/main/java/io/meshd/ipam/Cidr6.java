package io.meshd.ipam;

/**
 * An IPv6 block, RFC 4291 section 2.3.
 *
 * @param network first address, host bits zero
 * @param prefix length of the network part, 0-128
 */
public record Cidr6(Ipv6 network, int prefix) {

  public Cidr6 {
    if (prefix < 0 || prefix > 128) {
      throw new IllegalArgumentException("invalid prefix length: " + prefix);
    }
    network = masked(network, prefix);
  }

  /**
   * Host bits are cleared: fd00:9::7/64 is fd00:9::/64.
   *
   * @throws IllegalArgumentException when the text is no IPv6 address with a prefix length
   */
  public static Cidr6 parse(String text) {
    int slash = text.indexOf('/');
    String length = text.substring(slash + 1);
    if (slash < 0 || !length.matches("[0-9]{1,3}")) {
      throw new IllegalArgumentException("invalid CIDR address: " + text);
    }
    try {
      return new Cidr6(Ipv6.parse(text.substring(0, slash)), Integer.parseInt(length));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("invalid CIDR address: " + text, e);
    }
  }

  private static Ipv6 masked(Ipv6 address, int prefix) {
    return new Ipv6(address.high() & mask(prefix), address.low() & mask(prefix - 64));
  }

  /** Of one half; {@code ones} may be below 0 or above 64. */
  private static long mask(int ones) {
    return ones <= 0 ? 0 : ones >= 64 ? -1 : -1L << (64 - ones);
  }

  /** The address {@code offset} places after the first; not negative. */
  public Ipv6 at(long offset) {
    return network.plus(offset);
  }

  public boolean contains(Ipv6 address) {
    return masked(address, prefix).equals(network);
  }

  public boolean contains(Cidr6 other) {
    return other.prefix >= prefix && contains(other.network);
  }

  public boolean overlaps(Cidr6 other) {
    return contains(other.network) || other.contains(network);
  }

  @Override
  public String toString() {
    return network + "/" + prefix;
  }
}
