package io.meshd.ipam;

import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The addresses of one network. Built for a change from what is in use, asked, and thrown away:
 * {@link #next} is all that outlives it. Network and broadcast address are never given.
 */
public final class AddressPool {
  /** Longest prefix that leaves two addresses between network and broadcast. */
  public static final int MAX_PREFIX = 30;

  /** Shortest prefix; more than 2^24 addresses are a mistake. */
  public static final int MIN_PREFIX = 8;

  private final Cidr subnet;
  private final SerialSpace offsets;

  /**
   * @param range the part of the subnet that addresses are given from, or null for all of it
   * @param next offset in the subnet at which the search starts, as {@link #next} told
   * @throws IllegalArgumentException when the subnet has an unusable size or the range is outside
   */
  public AddressPool(Cidr subnet, @Nullable Cidr range, long next) {
    if (subnet.prefix() < MIN_PREFIX || subnet.prefix() > MAX_PREFIX) {
      throw new IllegalArgumentException("no usable size for a network: " + subnet);
    }
    Cidr from = range == null ? subnet : range;
    if (!subnet.contains(from)) {
      throw new IllegalArgumentException(subnet + " does not contain " + from);
    }
    this.subnet = subnet;
    long first = Math.max(1, subnet.offset(from.network()));
    long last = Math.min(subnet.size() - 2, subnet.offset(from.network()) + from.size() - 1);
    this.offsets = new SerialSpace((int) first, (int) last, (int) next);
  }

  /**
   * Marks an address as in use, inside or outside the range.
   *
   * @return false when it was in use, or is the network or broadcast address
   * @throws IllegalArgumentException when it is not in the subnet
   */
  public boolean reserve(int address) {
    if (!subnet.contains(address)) {
      throw new IllegalArgumentException(subnet + " does not contain " + Ipv4.format(address));
    }
    long offset = subnet.offset(address);
    return offsets.take((int) offset) && offset != 0 && offset != subnet.size() - 1;
  }

  /** The next free address, now in use; empty when there is none. */
  public OptionalInt allocate() {
    OptionalInt offset = offsets.give();
    return offset.isPresent() ? OptionalInt.of(subnet.at(offset.getAsInt())) : offset;
  }

  /** Offset at which the next search starts. */
  public long next() {
    return offsets.next();
  }
}
