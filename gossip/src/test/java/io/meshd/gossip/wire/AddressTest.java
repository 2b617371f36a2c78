package io.meshd.gossip.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** One place has one address, however it is written. */
class AddressTest {
  @Test
  void anIpv4AddressInSixteenBytesIsTheSame() {
    Bytes mapped = Bytes.of(HexFormat.of().parseHex("00000000000000000000ffff0a000001"));
    Address four = new Address(Bytes.of((byte) 10, (byte) 0, (byte) 0, (byte) 1), 7946);
    assertEquals(four, new Address(mapped, 7946));
    assertEquals(4, new Address(mapped, 7946).ip().length());
    assertEquals("10.0.0.1:7946", four.toString());
  }

  @Test
  void socketAddressesComeBack() throws Exception {
    for (String text : new String[] {"10.0.0.1", "fd00:0:0:0:0:0:0:1"}) {
      InetSocketAddress socket = new InetSocketAddress(InetAddress.getByName(text), 7946);
      assertEquals(socket, Address.of(socket).toSocketAddress());
    }
    assertEquals(
        "[fd00:0:0:0:0:0:0:1]:1",
        Address.of(new InetSocketAddress(InetAddress.getByName("fd00::1"), 1)).toString());
  }

  @Test
  void otherLengthsAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Address(Bytes.of(new byte[5]), 1));
  }
}
