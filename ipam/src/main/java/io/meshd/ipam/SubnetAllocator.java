package io.meshd.ipam;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Cuts subnets of one size from pools: always the first that overlaps nothing. */
public final class SubnetAllocator {
  /** Swarm's default pool and subnet size. */
  public static final String DEFAULT_POOL = "10.0.0.0/8";

  public static final int DEFAULT_SIZE = 24;

  private final List<Cidr> pools;
  private final int size;

  /**
   * @param size prefix length of the subnets
   * @throws IllegalArgumentException when a pool is smaller than one subnet
   */
  public SubnetAllocator(List<Cidr> pools, int size) {
    for (Cidr pool : pools) {
      if (pool.prefix() > size) {
        throw new IllegalArgumentException("pool " + pool + " is smaller than a /" + size);
      }
    }
    this.pools = List.copyOf(pools);
    this.size = size;
  }

  /** The first subnet that overlaps none of {@code taken}; empty when the pools are used up. */
  public Optional<Cidr> next(Collection<Cidr> taken) {
    List<Cidr> sorted = new ArrayList<>(taken);
    sorted.sort(Comparator.comparingLong(Cidr::first));
    return pools.stream()
        .map(pool -> firstFree(pool, sorted))
        .flatMap(Optional::stream)
        .findFirst();
  }

  private Optional<Cidr> firstFree(Cidr pool, List<Cidr> sorted) {
    long step = 1L << (32 - size);
    long candidate = pool.first();
    for (Cidr block : sorted) {
      boolean overlaps = block.first() < candidate + step && block.last() >= candidate;
      if (overlaps) {
        // Blocks come in the order of their first address, so nothing before its end is free.
        candidate = (block.last() / step + 1) * step;
      }
    }
    return candidate + step - 1 <= pool.last()
        ? Optional.of(new Cidr((int) candidate, size))
        : Optional.empty();
  }
}
