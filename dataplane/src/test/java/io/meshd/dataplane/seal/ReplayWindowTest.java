package io.meshd.dataplane.seal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ReplayWindowTest {
  private final ReplayWindow window =
      new ReplayWindow(Arena.ofAuto().allocate(ReplayWindow.BYTES, 8), 0);

  @Test
  void agreesWithASetOfWhatCame() {
    SplittableRandom random = new SplittableRandom(6479);
    Set<Long> came = new HashSet<>();
    long highest = -1;
    for (int round = 0; round < 300_000; round++) {
      long number =
          switch (random.nextInt(20)) {
            case 0 -> highest + 1 + random.nextLong(20_000);
            case 1, 2, 3 -> Math.max(0, highest - random.nextLong(10_000));
            default -> Math.max(0, highest + 4 - random.nextLong(40));
          };
      boolean isNew =
          number > highest
              || (highest + 1 - number <= ReplayWindow.WIDTH && !came.contains(number));
      assertEquals(isNew, window.isNew(number), "number " + number + " after " + highest);
      if (isNew) {
        window.add(number);
        came.add(number);
        highest = Math.max(highest, number);
      }
    }
  }

  @Test
  void reachesToTheLastNumberThereIs() {
    long last = (1L << 48) - 1;
    assertTrue(window.isNew(last));
    window.add(last);
    assertFalse(window.isNew(last));
    assertTrue(window.isNew(last - 1));
    assertFalse(window.isNew(0));
  }

  @Test
  void isAtLeastAsWideAsIpsecAsksFor() {
    window.add(5000);
    assertTrue(window.isNew(5000 - 1024));
    assertTrue(ReplayWindow.WIDTH >= 1024);
  }
}
