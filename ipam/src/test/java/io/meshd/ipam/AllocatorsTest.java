package io.meshd.ipam;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class AllocatorsTest {

  /** Walks every number, one by one. */
  private static OptionalInt oracle(int first, int last, int next, Set<Integer> taken) {
    int from = next < first || next > last ? first : next;
    for (int i = 0; i <= last - first; i++) {
      int candidate = first + (from - first + i) % (last - first + 1);
      if (!taken.contains(candidate)) {
        return OptionalInt.of(candidate);
      }
    }
    return OptionalInt.empty();
  }

  @Test
  void addressesAgreeWithAnOracleThroughChurn() {
    Random random = new Random(7);
    for (int round = 0; round < 300; round++) {
      int prefix = 24 + random.nextInt(7);
      Cidr subnet = new Cidr(Ipv4.parse("10.0.4.0"), prefix);
      int rangePrefix = prefix + random.nextInt(33 - prefix);
      Cidr range =
          random.nextBoolean()
              ? null
              : new Cidr(subnet.at(random.nextInt((int) subnet.size())), rangePrefix);
      Cidr from = range == null ? subnet : range;
      int first = (int) Math.max(1, subnet.offset(from.network()));
      int last = (int) Math.min(subnet.size() - 2, subnet.offset(from.network()) + from.size() - 1);
      Set<Integer> taken = new TreeSet<>();
      long next = 0;
      for (int step = 0; step < 200; step++) {
        if (random.nextInt(3) == 0 && !taken.isEmpty()) {
          taken.remove(new ArrayList<>(taken).get(random.nextInt(taken.size())));
          continue;
        }
        AddressPool pool = new AddressPool(subnet, range, next);
        taken.forEach(offset -> assertTrue(pool.reserve(subnet.at(offset))));
        OptionalInt given = pool.allocate();
        OptionalInt expected = oracle(first, last, (int) next, taken);
        assertEquals(expected.isPresent(), given.isPresent());
        if (given.isPresent()) {
          int offset = (int) subnet.offset(given.getAsInt());
          assertEquals(expected.getAsInt(), offset);
          assertTrue(offset > 0 && offset < subnet.size() - 1);
          assertTrue(from.contains(given.getAsInt()));
          taken.add(offset);
        }
        next = pool.next();
      }
    }
  }

  @Test
  void freedAddressRestsUntilTheOthersWereGiven() {
    Cidr subnet = Cidr.parse("10.0.1.0/29");
    AddressPool pool = new AddressPool(subnet, null, 0);
    pool.reserve(Ipv4.parse("10.0.1.1"));
    List<String> given = new ArrayList<>();
    given.add(Ipv4.format(pool.allocate().getAsInt()));
    // The first one is free again; the search goes on behind it all the same.
    AddressPool later = new AddressPool(subnet, null, pool.next());
    later.reserve(Ipv4.parse("10.0.1.1"));
    for (OptionalInt a = later.allocate(); a.isPresent(); a = later.allocate()) {
      given.add(Ipv4.format(a.getAsInt()));
    }
    assertEquals(
        List.of("10.0.1.2", "10.0.1.3", "10.0.1.4", "10.0.1.5", "10.0.1.6", "10.0.1.2"), given);
  }

  @Test
  void networkAndBroadcastAddressesAreNobodys() {
    AddressPool pool = new AddressPool(Cidr.parse("10.0.1.0/30"), null, 0);
    assertFalse(pool.reserve(Ipv4.parse("10.0.1.0")));
    assertFalse(pool.reserve(Ipv4.parse("10.0.1.3")));
    assertTrue(pool.reserve(Ipv4.parse("10.0.1.1")));
    assertFalse(pool.reserve(Ipv4.parse("10.0.1.1")));
    assertThrows(IllegalArgumentException.class, () -> pool.reserve(Ipv4.parse("10.0.2.1")));
  }

  @Test
  void unusableSubnetsAndRangesAreRefused() {
    for (String subnet : List.of("10.0.0.0/31", "10.0.0.0/32", "10.0.0.0/7")) {
      assertThrows(
          IllegalArgumentException.class, () -> new AddressPool(Cidr.parse(subnet), null, 0));
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> new AddressPool(Cidr.parse("10.0.0.0/24"), Cidr.parse("10.0.1.0/25"), 0));
  }

  @Test
  void firstSubnetsAreSwarms() {
    SubnetAllocator subnets = new SubnetAllocator(List.of(Cidr.parse("10.0.0.0/8")), 24);
    Cidr ingress = subnets.next(List.of()).orElseThrow();
    assertEquals("10.0.0.0/24", ingress.toString());
    assertEquals("10.0.1.0/24", subnets.next(List.of(ingress)).orElseThrow().toString());
    assertEquals(
        "10.1.0.0/24", subnets.next(List.of(Cidr.parse("10.0.0.0/16"))).orElseThrow().toString());
  }

  @Test
  void subnetsAgreeWithAnOracle() {
    Random random = new Random(11);
    List<Cidr> pools = List.of(Cidr.parse("10.9.0.0/21"), Cidr.parse("10.9.64.0/22"));
    SubnetAllocator subnets = new SubnetAllocator(pools, 25);
    for (int round = 0; round < 3_000; round++) {
      List<Cidr> taken = new ArrayList<>();
      int blocks = random.nextInt(30);
      for (int i = 0; i < blocks; i++) {
        int base = Ipv4.parse(random.nextBoolean() ? "10.9.0.0" : "10.9.64.0");
        taken.add(new Cidr(base + random.nextInt(2048), 21 + random.nextInt(12)));
      }
      Optional<Cidr> expected = Optional.empty();
      for (Cidr pool : pools) {
        for (long o = 0; o < pool.size() && expected.isEmpty(); o += 128) {
          Cidr candidate = new Cidr(pool.at(o), 25);
          if (taken.stream().noneMatch(candidate::overlaps)) {
            expected = Optional.of(candidate);
          }
        }
      }
      assertEquals(expected, subnets.next(taken), taken.toString());
    }
  }

  @Test
  void poolAtTheEndOfTheAddressSpaceRunsOut() {
    SubnetAllocator subnets = new SubnetAllocator(List.of(Cidr.parse("255.255.255.0/24")), 25);
    List<Cidr> taken = new ArrayList<>();
    subnets.next(taken).ifPresent(taken::add);
    subnets.next(taken).ifPresent(taken::add);
    assertEquals(2, taken.size());
    assertEquals(Optional.empty(), subnets.next(taken));
  }

  @Test
  void vnisAreSerialAndSkipWhatIsTaken() {
    VniAllocator vnis = new VniAllocator(Set.of(4098, 77), 0);
    assertEquals(4096, vnis.allocate().getAsInt());
    assertEquals(4097, vnis.allocate().getAsInt());
    assertEquals(4099, vnis.allocate().getAsInt());
    assertEquals(4100, vnis.next());
    VniAllocator wrapping = new VniAllocator(Set.of(VniAllocator.LAST, 4096), VniAllocator.LAST);
    assertEquals(4097, wrapping.allocate().getAsInt());
  }

  @Test
  void dynamicPortsAreSerialAndRunOut() {
    PortAllocator ports = new PortAllocator(Set.of(30001, 8080), 0);
    assertFalse(ports.reserve(8080));
    assertTrue(ports.reserve(30002));
    assertEquals(30000, ports.allocate().getAsInt());
    assertEquals(30003, ports.allocate().getAsInt());
    Set<Integer> given = new HashSet<>();
    for (OptionalInt p = ports.allocate(); p.isPresent(); p = ports.allocate()) {
      assertTrue(given.add(p.getAsInt()));
    }
    assertEquals(2768 - 4, given.size());
  }
}
