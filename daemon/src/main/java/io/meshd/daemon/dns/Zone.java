package io.meshd.daemon.dns;

import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The names of one network. Immutable. */
public final class Zone {
  private final int subnet;
  private final int mask;
  private final Map<DomainName, Records> names;

  private Zone(int subnet, int mask, Map<DomainName, Records> names) {
    this.subnet = subnet;
    this.mask = mask;
    this.names = names;
  }

  @Nullable Records find(DomainName name) {
    return names.get(name);
  }

  /** Whether an address belongs to the network, whoever has it. */
  boolean contains(int address) {
    return (address & mask) == (subnet & mask);
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

    /** {@code subnet}: IPv4 CIDR. */
    public Builder(String network, String subnet) {
      this.network = network;
      this.subnet = subnet;
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
      return new Zone(Reverse.address(subnet), mask, names);
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
