package io.meshd.daemon.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.daemon.state.Times;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class IdsTest {
  @Test
  void idsLookLikeSwarmsAndDiffer() {
    Ids ids = Ids.random();
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 10_000; i++) {
      String id = ids.next();
      assertTrue(id.matches("[0-9a-z]{25}"), id);
      assertTrue(seen.add(id));
    }
  }

  @Test
  void timesHaveNineDigitsAndComeBack() {
    Instant instant = Instant.parse("2026-01-02T03:04:05.5Z");
    assertEquals("2026-01-02T03:04:05.500000000Z", Times.format(instant));
    assertEquals(instant, Times.parse(Times.format(instant), Instant.EPOCH));
    assertEquals(Instant.EPOCH, Times.parse("yesterday", Instant.EPOCH));
  }
}
