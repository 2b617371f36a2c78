package io.meshd.gossip.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** memberlist's defaults and formulas, by number. */
class TimingTest {
  private final Timing lan = Timing.lan();

  @Test
  void defaultsAreThoseOfALocalNetwork() {
    assertEquals(
        new Timing(
            Duration.ofSeconds(1),
            Duration.ofMillis(500),
            3,
            Duration.ofMillis(200),
            3,
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            Duration.ofSeconds(2),
            Duration.ofMinutes(30),
            Duration.ofSeconds(30),
            4,
            4,
            6,
            8),
        lan);
  }

  @Test
  void aSuspectHasLessTimeTheMoreSuspectIt() {
    assertEquals(4_000, millis(lan.suspicion(0, 3)));
    assertEquals(24_000, millis(lan.suspicion(0, 10)));
    assertEquals(11_381, millis(lan.suspicion(1, 10)));
    assertEquals(4_000, millis(lan.suspicion(2, 10)));
    assertEquals(4_000, millis(lan.suspicion(9, 10)));
    assertEquals(12_000, millis(lan.suspicion(2, 1_000)));
  }

  @Test
  void newsIsToldMoreOftenAndStatesLessOftenInALargerCluster() {
    assertEquals(4, lan.retransmits(3));
    assertEquals(8, lan.retransmits(10));
    assertEquals(16, lan.retransmits(1_000));
    assertEquals(30_000, millis(lan.pushPullNanos(32)));
    assertEquals(60_000, millis(lan.pushPullNanos(33)));
    assertEquals(90_000, millis(lan.pushPullNanos(100)));
  }

  private static long millis(long nanos) {
    return nanos / 1_000_000;
  }
}
