package io.meshd.cli.network;

import io.meshd.api.Networks;
import io.meshd.cli.grammar.Failure;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Brings {@code --subnet}, {@code --ip-range} and {@code --gateway} together, as Docker does. */
final class IpamFlags {
  private IpamFlags() {}

  /** A CIDR as its first and last address; both families as numbers. */
  private record Block(int bits, BigInteger first, BigInteger last) {
    static Block parse(String text) {
      int slash = text.indexOf('/');
      byte[] address = slash < 0 ? null : literal(text.substring(0, slash));
      String length = text.substring(slash + 1);
      if (address == null
          || !length.matches("\\d{1,3}")
          || Integer.parseInt(length) > address.length * 8) {
        throw new Failure("invalid CIDR address: " + text);
      }
      int bits = address.length * 8;
      BigInteger size = BigInteger.ONE.shiftLeft(bits - Integer.parseInt(length));
      BigInteger first = new BigInteger(1, address).divide(size).multiply(size);
      return new Block(bits, first, first.add(size).subtract(BigInteger.ONE));
    }

    boolean contains(byte[] address) {
      BigInteger number = new BigInteger(1, address);
      return address.length * 8 == bits
          && number.compareTo(first) >= 0
          && number.compareTo(last) <= 0;
    }

    boolean contains(Block other) {
      return other.bits == bits
          && other.first.compareTo(first) >= 0
          && other.last.compareTo(last) <= 0;
    }

    boolean overlaps(Block other) {
      return other.bits == bits
          && other.first.compareTo(last) <= 0
          && first.compareTo(other.last) <= 0;
    }
  }

  /** One subnet with what was given for it. */
  private static final class Pool {
    final String subnet;
    final Block block;
    @Nullable String range;
    @Nullable String gateway;

    Pool(String subnet) {
      this.subnet = subnet;
      this.block = Block.parse(subnet);
    }
  }

  /**
   * @throws Failure in Docker's words when they do not fit together
   */
  static List<Networks.IpamConfig> combine(
      List<String> subnets, List<String> ranges, List<String> gateways) {
    if (subnets.size() < ranges.size() || subnets.size() < gateways.size()) {
      throw new Failure("every ip-range or gateway must have a corresponding subnet");
    }
    List<Pool> pools = new ArrayList<>();
    for (String subnet : subnets) {
      Pool pool = new Pool(subnet);
      if (pools.stream().anyMatch(other -> other.block.overlaps(pool.block))) {
        throw new Failure("multiple overlapping subnet configuration is not supported");
      }
      pools.add(pool);
    }
    for (String range : ranges) {
      Block block = Block.parse(range);
      Pool pool = find(pools, p -> p.block.contains(block), "range", range);
      if (pool.range != null) {
        throw new Failure(
            "cannot configure multiple ranges (%s, %s) on the same subnet (%s)"
                .formatted(range, pool.range, pool.subnet));
      }
      pool.range = range;
    }
    for (String gateway : gateways) {
      byte[] address = literal(gateway);
      if (address == null) {
        throw new Failure("invalid gateway address: " + gateway);
      }
      Pool pool = find(pools, p -> p.block.contains(address), "gateway", gateway);
      if (pool.gateway != null) {
        throw new Failure(
            "cannot configure multiple gateways (%s, %s) for the same subnet (%s)"
                .formatted(gateway, pool.gateway, pool.subnet));
      }
      pool.gateway = gateway;
    }
    return pools.stream()
        .map(pool -> new Networks.IpamConfig(pool.subnet, pool.range, pool.gateway, null))
        .toList();
  }

  private static Pool find(
      List<Pool> pools, java.util.function.Predicate<Pool> fits, String what, String value) {
    return pools.stream()
        .filter(fits)
        .findFirst()
        .orElseThrow(() -> new Failure("no matching subnet for %s %s".formatted(what, value)));
  }

  /** The bytes of an address literal, or null; names are never looked up. */
  private static byte @Nullable [] literal(String text) {
    boolean four = text.matches("\\d{1,3}(\\.\\d{1,3}){3}");
    boolean six = text.indexOf(':') >= 0 && text.matches("[0-9a-fA-F:.]+");
    if (!four && !six) {
      return null;
    }
    try {
      return InetAddress.getByName(text).getAddress();
    } catch (UnknownHostException e) {
      return null;
    }
  }
}
