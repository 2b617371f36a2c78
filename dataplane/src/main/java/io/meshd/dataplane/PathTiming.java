package io.meshd.dataplane;

import java.time.Duration;

/**
 * How often paths to other VTEPs are asked what they carry. A path that has been found costs one
 * datagram each {@code confirmEvery}, and a search of usually two to ten each {@code raiseEvery}.
 *
 * @param answerWithin longer than any round trip of the underlay
 * @param confirmEvery a path that got smaller without a word is noticed after this and some {@code
 *     answerWithin}; a quarter more or less, so that nodes do not ask in step
 * @param raiseEvery when a larger size is tried again (RFC 8899 section 5.1.1, PMTU_RAISE_TIMER)
 */
public record PathTiming(Duration answerWithin, Duration confirmEvery, Duration raiseEvery) {
  public static final PathTiming DEFAULT =
      new PathTiming(Duration.ofMillis(500), Duration.ofSeconds(20), Duration.ofMinutes(5));
}
