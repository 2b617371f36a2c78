package io.meshd.ipam;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CidrTest {

  @Test
  void clearsHostBits() {
    assertEquals("10.0.1.0/24", Cidr.parse("10.0.1.7/24").toString());
    assertEquals("0.0.0.0/0", Cidr.parse("255.1.2.3/0").toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "10.0.0.0",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0/24",
        "10.0.0.256/24",
        "10.0.0.01/24",
        "10.0.0.0/+8",
        "10.0.0.0/8/8",
        " 10.0.0.0/8",
        "fd00::/64",
        "a.b.c.d/24",
        "10.0.0.-1/24",
        "10.0.0.0/024"
      })
  void refusesWhatIsNoCidr(String text) {
    assertThrows(IllegalArgumentException.class, () -> Cidr.parse(text));
  }

  @Test
  void containmentAndOverlapAgreeWithAnOracleOnRanges() {
    Random random = new Random(42);
    for (int i = 0; i < 20_000; i++) {
      // Few distinct bits, so that blocks do meet each other.
      Cidr a = new Cidr(random.nextInt(256) << 24, random.nextInt(33));
      Cidr b = new Cidr(random.nextInt(256) << 24, random.nextInt(33));
      int address = (random.nextInt(256) << 24) | random.nextInt(4);
      long unsigned = Integer.toUnsignedLong(address);
      assertEquals(unsigned >= a.first() && unsigned <= a.last(), a.contains(address));
      assertEquals(a.first() <= b.last() && b.first() <= a.last(), a.overlaps(b), a + " " + b);
      assertEquals(a.first() <= b.first() && b.last() <= a.last(), a.contains(b), a + " " + b);
      assertEquals(a, Cidr.parse(a.toString()));
    }
  }

  @Test
  void highAddressesAreNotNegative() {
    Cidr high = Cidr.parse("192.168.7.0/24");
    assertTrue(high.first() > 0);
    assertEquals(5, high.offset(Ipv4.parse("192.168.7.5")));
    assertEquals("192.168.7.5", Ipv4.format(high.at(5)));
    assertFalse(high.contains(Ipv4.parse("192.168.8.0")));
  }

  @Test
  void macIsDockersForTheAddress() {
    assertEquals("02:42:0a:00:01:03", Mac.of(Ipv4.parse("10.0.1.3")));
    assertEquals("02:42:c0:a8:ff:fe", Mac.of(Ipv4.parse("192.168.255.254")));
  }
}
