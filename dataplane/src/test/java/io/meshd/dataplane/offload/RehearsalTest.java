package io.meshd.dataplane.offload;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class RehearsalTest {
  @Test
  void whatIsRehearsedIsTheWholeWork() {
    assertEquals(Rehearsal.SEGMENTS, new Rehearsal().cutAndJoin());
  }
}
