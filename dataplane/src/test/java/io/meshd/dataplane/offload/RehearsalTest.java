package io.meshd.dataplane.offload;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class RehearsalTest {
  @Test
  void whatIsRehearsedIsTheWholeWork() {
    for (boolean ipv6 : new boolean[] {false, true}) {
      for (boolean tcp : new boolean[] {false, true}) {
        assertEquals(Rehearsal.SEGMENTS, new Rehearsal(ipv6, tcp).cutAndJoin());
      }
    }
  }
}
