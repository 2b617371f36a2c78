package io.meshd.ipam;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class Ipv6PlacesTest {

  @ParameterizedTest
  @CsvSource({
    "FD00:9:0:0::7/64, fd00:9::/64",
    "::/0, ::/0",
    "fd00::ffff/128, fd00::ffff/128",
    "fd00:1:2:3:4:5:6:7/100, fd00:1:2:3:4:5::/100",
    "fd00:0:0:1::/63, fd00::/63",
  })
  void clearsHostBitsAndWritesOneForm(String given, String written) {
    assertEquals(written, Cidr6.parse(given).toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "fd00::",
        "fd00::/",
        "fd00::/129",
        "fd00::/-1",
        "fd00::/+64",
        "10.0.0.0/8",
        "::ffff:10.0.0.1/128",
        "fd00::%eth0/64",
        "[fd00::]/64",
        "fd00:::/64",
        " fd00::/64",
        "fd00::g/64"
      })
  void refusesWhatIsNoIpv6Block(String text) {
    assertThrows(IllegalArgumentException.class, () -> Cidr6.parse(text));
  }

  @Test
  void blocksAreAsArithmeticSays() throws Exception {
    Random random = new Random(42);
    for (int i = 0; i < 20_000; i++) {
      Cidr6 a = random(random);
      Cidr6 b = random(random);
      BigInteger firstA = number(a.network());
      BigInteger lastA = firstA.add(size(a)).subtract(BigInteger.ONE);
      BigInteger firstB = number(b.network());
      BigInteger lastB = firstB.add(size(b)).subtract(BigInteger.ONE);
      boolean overlap = firstA.compareTo(lastB) <= 0 && firstB.compareTo(lastA) <= 0;
      boolean inside = firstB.compareTo(firstA) >= 0 && lastB.compareTo(lastA) <= 0;
      assertEquals(overlap, a.overlaps(b), () -> a + " " + b);
      assertEquals(inside, a.contains(b), () -> a + " " + b);
      long offset = random.nextInt() & 0xffff_ffffL;
      assertEquals(
          firstA.add(BigInteger.valueOf(offset)).mod(BigInteger.ONE.shiftLeft(128)),
          number(a.at(offset)));
    }
  }

  /** Few bits differ, so that blocks meet often. */
  private static Cidr6 random(Random random) {
    long high = 0xfd00L << 48 | random.nextInt(4);
    long low = (long) random.nextInt(4) << 62 | random.nextInt(8);
    return new Cidr6(new Ipv6(high, low), 60 + random.nextInt(69));
  }

  private static BigInteger number(Ipv6 address) throws Exception {
    return new BigInteger(1, InetAddress.getByName(address.toString()).getAddress());
  }

  private static BigInteger size(Cidr6 block) {
    return BigInteger.ONE.shiftLeft(128 - block.prefix());
  }

  @Test
  void eachIpv4AddressHasTheIpv6AddressOfItsPlace() {
    AddressPairs pairs = new AddressPairs(Cidr.parse("10.9.0.0/24"), Cidr6.parse("fd00:9::/64"));
    assertEquals("fd00:9::7", pairs.ipv6Of(Ipv4.parse("10.9.0.7")).toString());
    assertEquals("fd00:9::fe", pairs.ipv6Of(Ipv4.parse("10.9.0.254")).toString());
    AddressPairs ranged =
        new AddressPairs(Cidr.parse("10.9.0.0/16"), Cidr6.parse("fd00:9::ffff:0:0/96"));
    assertEquals("fd00:9::ffff:0:102", ranged.ipv6Of(Ipv4.parse("10.9.1.2")).toString());
  }

  @Test
  void fromAnIpv6AddressTheIpv4AddressIsFound() {
    AddressPairs pairs = new AddressPairs(Cidr.parse("10.9.0.0/24"), Cidr6.parse("fd00:9::/64"));
    for (int offset = 0; offset < 256; offset++) {
      int address = pairs.ipv4().at(offset);
      assertEquals(OptionalInt.of(address), pairs.ipv4Of(pairs.ipv6Of(address)));
    }
    for (String other : List.of("fd00:9::100", "fd00:9:0:1::7", "fd00:9:0:0:1::7", "fd00:8::7")) {
      assertTrue(pairs.ipv4Of(Ipv6.parse(other)).isEmpty(), other);
    }
    AddressPairs wide = new AddressPairs(Cidr.parse("10.9.0.0/24"), Cidr6.parse("fd00::/16"));
    assertTrue(wide.ipv4Of(Ipv6.parse("fd00:1::7")).isEmpty());
    assertFalse(wide.ipv4Of(Ipv6.parse("fd00::7")).isEmpty());
  }

  @Test
  void anIpv6SubnetIsNotSmallerThanTheIpv4One() {
    assertEquals(120, AddressPairs.longestPrefix(Cidr.parse("10.9.0.0/24")));
    var _ = new AddressPairs(Cidr.parse("10.9.0.0/24"), Cidr6.parse("fd00::/120"));
    assertThrows(
        IllegalArgumentException.class,
        () -> new AddressPairs(Cidr.parse("10.9.0.0/24"), Cidr6.parse("fd00::/121")));
  }

  @Test
  void aClusterHasItsOwnBlockAndGivesItsSubnetsInOrder() {
    UniqueLocal subnets = new UniqueLocal("abc");
    assertEquals(subnets.block(), new UniqueLocal("abc").block());
    assertTrue(Cidr6.parse("fd00::/8").contains(subnets.block()));
    assertEquals(48, subnets.block().prefix());
    List<Cidr6> taken = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      Cidr6 next = subnets.next(taken).orElseThrow();
      assertTrue(subnets.block().contains(next));
      assertEquals(i, (int) next.network().high() & 0xffff);
      taken.add(next);
    }
    Cidr6 freed = taken.remove(2);
    assertEquals(freed, subnets.next(taken).orElseThrow());
    assertTrue(subnets.next(List.of(subnets.block())).isEmpty());
  }
}
