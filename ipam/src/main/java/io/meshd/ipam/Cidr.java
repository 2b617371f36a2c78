package io.meshd.ipam;

/**
 * An IPv4 block, RFC 4632.
 *
 * @param network first address, host bits zero
 * @param prefix length of the network part, 0-32
 */
public record Cidr(int network, int prefix) {

  public Cidr {
    if (prefix < 0 || prefix > 32) {
      throw new IllegalArgumentException("invalid prefix length: " + prefix);
    }
    network &= mask(prefix);
  }

  /**
   * Host bits are cleared: 10.0.1.7/24 is 10.0.1.0/24.
   *
   * @throws IllegalArgumentException when the text is not a.b.c.d/n
   */
  public static Cidr parse(String text) {
    int slash = text.indexOf('/');
    String length = text.substring(slash + 1);
    if (slash < 0 || !length.matches("[0-9]{1,2}")) {
      throw new IllegalArgumentException("invalid CIDR address: " + text);
    }
    try {
      return new Cidr(Ipv4.parse(text.substring(0, slash)), Integer.parseInt(length));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("invalid CIDR address: " + text, e);
    }
  }

  private static int mask(int prefix) {
    return prefix == 0 ? 0 : -1 << (32 - prefix);
  }

  /** Number of addresses, network and broadcast included. */
  public long size() {
    return 1L << (32 - prefix);
  }

  /** First address as an unsigned number. */
  public long first() {
    return Integer.toUnsignedLong(network);
  }

  /** Last address as an unsigned number. */
  public long last() {
    return first() + size() - 1;
  }

  /** The address {@code offset} places after the first. */
  public int at(long offset) {
    return network + (int) offset;
  }

  /** How far the address is behind the first; negative or too large when it is outside. */
  public long offset(int address) {
    return Integer.toUnsignedLong(address) - first();
  }

  public boolean contains(int address) {
    return (address & mask(prefix)) == network;
  }

  public boolean contains(Cidr other) {
    return other.prefix >= prefix && contains(other.network);
  }

  public boolean overlaps(Cidr other) {
    return contains(other.network) || other.contains(network);
  }

  @Override
  public String toString() {
    return Ipv4.format(network) + "/" + prefix;
  }
}
