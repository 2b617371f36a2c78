package io.meshd.daemon.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class RefusedJoinsTest {
  private long now;
  private final RefusedJoins refused = new RefusedJoins(() -> now);

  @Test
  void aFloodLeavesFewLinesAndEachSaysWhatIsMissing() {
    int lines = 0;
    long unsaid = 0;
    for (int i = 0; i < 10_000; i++) {
      now += Duration.ofMillis(10).toNanos();
      long before = refused.note(true);
      if (before >= 0) {
        lines++;
        unsaid += before;
      }
    }
    assertTrue(lines >= 10 && lines <= 27, lines + " lines in 100 s");
    assertTrue(unsaid + lines > 9_000, "only the last ones are not said yet");
    assertEquals(10_000, refused.tokens());
    now += Duration.ofMinutes(2).toNanos();
    assertTrue(refused.note(false) >= 0);
    assertEquals(0, refused.note(false));
    assertEquals(2, refused.others());
  }
}
