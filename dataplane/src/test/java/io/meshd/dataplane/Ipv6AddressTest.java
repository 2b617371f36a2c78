package io.meshd.dataplane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class Ipv6AddressTest {
  @Test
  void anyFormIsReadAndOneIsWritten() {
    assertEquals(new Ipv6Address(0xfd00_0001_0000_0000L, 0x103), Ipv6Address.parse("fd00:1::103"));
    for (String usual :
        new String[] {
          "::",
          "::1",
          "fe80::",
          "fd00:1::4",
          "2001:db8:0:1:1:1:1:1",
          "2001:db8::1:0:0:1",
          "2001:0:0:1::1",
          "1:2:3:4:5:6:7:8"
        }) {
      assertEquals(usual, Ipv6Address.parse(usual).toString());
    }
    assertEquals("2001:db8::a", Ipv6Address.parse("2001:0DB8:0:0:0:0:0:000A").toString());
  }

  @Test
  void whatIsNoneIsRefused() {
    for (String wrong : new String[] {"", "10.0.1.3", "fd00:1::g", "1:2", "fe80::1%lo", "host"}) {
      assertThrows(IllegalArgumentException.class, () -> Ipv6Address.parse(wrong), wrong);
    }
  }
}
