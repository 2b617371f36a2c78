package io.meshd.daemon.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.net.InetAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class StrangersTest {
  private static final DoorLimits LIMITS =
      new DoorLimits(
          6,
          4,
          2,
          5,
          Duration.ofSeconds(1),
          Duration.ofSeconds(1),
          Duration.ofSeconds(1),
          Duration.ofSeconds(1));

  private long now;
  private final Strangers<String> strangers = new Strangers<>(LIMITS, () -> now);

  private static InetAddress at(String address) {
    return InetAddress.ofLiteral(address);
  }

  @Test
  void aSourcePushesOutItsOwnOldest() {
    for (String each : new String[] {"a", "b", "c", "d"}) {
      assertNull(strangers.admit(each, at("10.0.0.1")).pushedOut());
    }
    Strangers.Admission<String> fifth = strangers.admit("e", at("10.0.0.1"));
    assertEquals("a", fifth.pushedOut());
    assertEquals(TurnedAway.SOURCE_CROWD, fifth.why());
    assertEquals(4, strangers.size());
  }

  @Test
  void whereAllPlacesAreTakenTheSourceWithTheMostGivesWay() {
    for (String each : new String[] {"a", "b", "c", "d"}) {
      assertNull(strangers.admit(each, at("10.0.0.1")).pushedOut());
    }
    assertNull(strangers.admit("node", at("10.0.0.2")).pushedOut());
    assertNull(strangers.admit("f", at("10.0.0.3")).pushedOut());
    Strangers.Admission<String> seventh = strangers.admit("g", at("10.0.0.4"));
    assertEquals("a", seventh.pushedOut());
    assertEquals(TurnedAway.CROWD, seventh.why());
    assertEquals("b", strangers.admit("h", at("10.0.0.5")).pushedOut());
  }

  @Test
  void aSourceHasARateAndNodesDoNotUseItUp() {
    for (int i = 0; i < 5; i++) {
      assertNull(strangers.admit("s" + i, at("10.0.0.1")).refused());
      strangers.remove("s" + i, at("10.0.0.1"), false);
    }
    assertEquals(TurnedAway.SOURCE_RATE, strangers.admit("x", at("10.0.0.1")).refused());
    assertNull(strangers.admit("y", at("10.0.0.2")).refused());
    now += Duration.ofMillis(600).toNanos();
    for (int i = 0; i < 20; i++) {
      assertNull(strangers.admit("n" + i, at("10.0.0.1")).refused());
      strangers.remove("n" + i, at("10.0.0.1"), true);
    }
    strangers.admit("z", at("10.0.0.1"));
    assertNotNull(strangers.admit("z2", at("10.0.0.1")).refused());
  }

  @Test
  void aHostHasAWholeNetworkOfSixtyFourBits() {
    for (int i = 0; i < 4; i++) {
      assertNull(strangers.admit("s" + i, at("2001:db8::" + i)).pushedOut());
    }
    assertEquals("s0", strangers.admit("s4", at("2001:db8::99")).pushedOut());
    assertNull(strangers.admit("t", at("2001:db8:1::1")).pushedOut());
  }
}
