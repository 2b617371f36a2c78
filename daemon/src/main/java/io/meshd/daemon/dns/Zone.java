package io.meshd.daemon.dns;

import io.meshd.ipam.AddressPairs;
import io.meshd.ipam.Cidr6;
import io.meshd.ipam.Ipv6;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The names of one network. Immutable. */
public final class Zone {
  private final int subnet;
  private final int mask;
  private final Map<DomainName, Records> names;
  private final @Nullable Six six;

  /** The network's IPv6 subnet, and which of its addresses goes with an IPv4 address. */
  private record Six(Cidr6 subnet, AddressPairs pairs) {}

  private Zone(int subnet, int mask, Map<DomainName, Records> names, @Nullable Six six) {
    this.subnet = subnet;
    this.mask = mask;
    this.names = names;
    this.six = six;
  }

  @Nullable Records find(DomainName name) {
    return names.get(name);
  }

  /** Whether an address belongs to the network, whoever has it. */
  boolean contains(int address) {
    return (address & mask) == (subnet & mask);
  }

  /** As {@link #contains(int)}. */
  boolean contains(Ipv6 address) {
    return six != null && six.subnet.contains(address);
  }

  /** Whether its names also have AAAA records. */
  boolean hasIpv6() {
    return six != null;
  }

  /** What goes with an IPv4 address that stands behind a name; only where it has IPv6. */
  Ipv6 ipv6Of(int address) {
    return Objects.requireNonNull(six).pairs.ipv6Of(address);
  }

  /** What the IPv4 address that goes with this one is shown under; null for nobody's. */
  @Nullable Records pointer(Ipv6 address) {
    OptionalInt other = six == null ? OptionalInt.empty() : six.pairs.ipv4Of(address);
    DomainName name = other.isPresent() ? DomainName.parse(Reverse.name(other.getAsInt())) : null;
    return name == null ? null : names.get(name);
  }

  /**
   * Collects names, each also with the network's name after it. Where a name is given by several,
   * the more deliberate one has it: services and aliases before endpoints before tasks.
   */
  public static final class Builder {
    private final String network;
    private final String subnet;
    private final Map<String, Set<Integer>> chosen = new HashMap<>();
    private final Map<String, Set<Integer>> incidental = new HashMap<>();
    private final Map<DomainName, Records> others = new HashMap<>();
    private @Nullable Six six;

    /** {@code subnet}: IPv4 CIDR. */
    public Builder(String network, String subnet) {
      this.network = network;
      this.subnet = subnet;
    }

    /** Every address has one of IPv6 beside it. */
    Builder ipv6(Cidr6 addresses, AddressPairs pairs) {
      six = new Six(addresses, pairs);
      return this;
    }

    /** A name that somebody chose for these addresses, perhaps none; adds to what it has. */
    public void name(String name, List<Integer> addresses) {
      chosen.computeIfAbsent(name, n -> new LinkedHashSet<>()).addAll(addresses);
    }

    /** A name that gives way to every chosen one. */
    void taskName(String name, int address) {
      incidental.computeIfAbsent(name, n -> new LinkedHashSet<>()).add(address);
    }

    /** The name that an address is shown under: {@code name} with the network's after it. */
    void pointer(int address, String name) {
      DomainName target = DomainName.parse(name + "." + network);
      if (target != null) {
        put(others, Reverse.name(address), new Records.Pointer(target));
      }
    }

    /** {@code service}: _port._proto.name. */
    void ports(String service, List<Records.Port> ports) {
      putBoth(others, service, new Records.Ports(List.copyOf(ports)));
    }

    /** {@code name} with the network's after it. */
    @Nullable DomainName full(String name) {
      return DomainName.parse(name + "." + network);
    }

    public Zone build() {
      Map<DomainName, Records> names = new HashMap<>(others);
      incidental.forEach((name, addresses) -> putBoth(names, name, records(addresses)));
      chosen.forEach((name, addresses) -> putBoth(names, name, records(addresses)));
      int length = Integer.parseInt(subnet.substring(subnet.indexOf('/') + 1));
      int mask = length == 0 ? 0 : -1 << (32 - length);
      return new Zone(Reverse.address(subnet), mask, names, six);
    }

    private static Records records(Set<Integer> addresses) {
      int[] sorted = addresses.stream().mapToInt(Integer::intValue).toArray();
      Arrays.sort(sorted);
      return new Records.Addresses(sorted);
    }

    private void putBoth(Map<DomainName, Records> names, String name, Records records) {
      put(names, name, records);
      put(names, name + "." + network, records);
    }

    /** What no message can carry is not asked for either. */
    private static void put(Map<DomainName, Records> names, String name, Records records) {
      DomainName key = DomainName.parse(name);
      if (key != null) {
        names.put(key, records);
      }
    }
  }
}
