package io.meshd.dataplane.switching;

import io.meshd.dataplane.Ipv6Address;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An immutable map from IPv6 address to station, open addressing, at most half full; a lookup
 * allocates nothing.
 */
final class Ipv6Table {
  private final long[] highs;
  private final long[] lows;
  private final @Nullable Station[] stations;
  private final int mask;

  Ipv6Table(Map<Ipv6Address, Station> entries) {
    int size = Integer.highestOneBit(Math.max(1, entries.size())) * 4;
    highs = new long[size];
    lows = new long[size];
    stations = new Station[size];
    mask = size - 1;
    entries.forEach(this::put);
  }

  @Nullable Station get(long high, long low) {
    for (int i = slot(high, low); ; i = i + 1 & mask) {
      Station station = stations[i];
      if (station == null || (highs[i] == high && lows[i] == low)) {
        return station;
      }
    }
  }

  private void put(Ipv6Address address, Station station) {
    int i = slot(address.high(), address.low());
    while (stations[i] != null) {
      i = i + 1 & mask;
    }
    highs[i] = address.high();
    lows[i] = address.low();
    stations[i] = station;
  }

  private int slot(long high, long low) {
    long h = (high * 0x9e3779b97f4a7c15L + low) * 0x9e3779b97f4a7c15L;
    return (int) (h >>> 40) & mask;
  }
}
