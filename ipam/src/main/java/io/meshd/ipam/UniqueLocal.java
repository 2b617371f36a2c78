package io.meshd.ipam;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.Optional;

/**
 * IPv6 subnets for networks whose user chose none: /64s of the cluster's own unique local block
 * (RFC 4193), always the first that overlaps nothing.
 */
public final class UniqueLocal {
  /** Prefix length of the subnets. */
  public static final int SIZE = 64;

  private static final int BLOCK = 48;
  private static final long PREFIX = 0xfdL << 56;

  private final Cidr6 block;

  /** {@code cluster}: its ID, of which the 40 bits of the global ID are made. */
  public UniqueLocal(String cluster) {
    block = new Cidr6(new Ipv6(PREFIX | globalId(cluster) << 16, 0), BLOCK);
  }

  /** RFC 4193 section 3.2.2, with SHA-256 of the cluster's ID in the place of time and EUI-64. */
  private static long globalId(String cluster) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(cluster.getBytes(StandardCharsets.UTF_8));
      return ByteBuffer.wrap(digest).getLong() >>> 24;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JDK has it
    }
  }

  /** fdxx:xxxx:xxxx::/48. */
  public Cidr6 block() {
    return block;
  }

  /** Empty when all are in use. */
  public Optional<Cidr6> next(Collection<Cidr6> taken) {
    for (long number = 0; number < 1L << (SIZE - BLOCK); number++) {
      Cidr6 subnet = new Cidr6(new Ipv6(block.network().high() | number, 0), SIZE);
      if (taken.stream().noneMatch(subnet::overlaps)) {
        return Optional.of(subnet);
      }
    }
    return Optional.empty();
  }
}
