package io.meshd.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.meshd.daemon.http.ApiException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AdvertiseAddressTest {
  @ParameterizedTest
  @ValueSource(strings = {"fd00::1", "[fd00::1]:2377", "[fd00::1]", "::1"})
  void anIpv6AddressOfANodeIsRefusedInWords(String text) {
    assertEquals(
        "--advertise-addr must be an IPv4 address: nodes do not reach each other over IPv6 yet",
        assertThrows(ApiException.class, () -> AdvertiseAddress.resolve("--advertise-addr", text))
            .getMessage());
    assertEquals(
        "cannot join through "
            + text
            + ": nodes do not reach each other over IPv6 yet, so name a manager by its IPv4"
            + " address",
        assertThrows(ApiException.class, () -> AdvertiseAddress.towards(List.of(text)))
            .getMessage());
  }

  @Test
  void anIpv4AddressOfThisMachineMayHaveAPort() {
    assertEquals(
        new AdvertiseAddress("127.0.0.1", 2400),
        AdvertiseAddress.resolve("--advertise-addr", "127.0.0.1:2400"));
  }
}
