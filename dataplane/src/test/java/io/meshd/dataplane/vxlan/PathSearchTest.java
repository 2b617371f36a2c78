package io.meshd.dataplane.vxlan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.dataplane.PathTiming;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The search against paths that are only a number, in virtual time. */
class PathSearchTest {
  private static final long SECOND = 1_000_000_000L;

  /** What the path carries; 0: nothing comes back. */
  private int carries = 1500;

  /** Whether somebody says so when something does not pass. */
  private boolean told = true;

  /** One in so many is lost; 0: none. */
  private int lossOneIn;

  private long now;
  private int sent;
  private final SplittableRandom random = new SplittableRandom(7);
  private final PathSearch search = new PathSearch(PathTiming.DEFAULT, random, now);

  private void run(long seconds) {
    long end = now + seconds * SECOND;
    while (now < end) {
      int size = search.due(now);
      if (size == 0) {
        now += SECOND / 10;
        continue;
      }
      sent++;
      boolean lost = lossOneIn != 0 && random.nextInt(lossOneIn) == 0;
      if (carries == 0 || lost) {
        continue;
      }
      now += SECOND / 1000;
      if (size <= carries) {
        search.answered(now);
      } else if (told) {
        search.tooBig(carries, now);
      }
    }
  }

  @Test
  void findsAnySizeThatItIsTold() {
    for (carries = PathSearch.LEAST; carries <= PathSearch.MOST; carries += 7) {
      PathSearch fresh = new PathSearch(PathTiming.DEFAULT, random, now);
      for (int i = 0; i < 40; i++) {
        int size = fresh.due(now);
        if (size == 0) {
          break;
        }
        if (size <= carries) {
          fresh.answered(now);
        } else {
          fresh.tooBig(carries, now);
        }
      }
      assertEquals(carries, fresh.known());
    }
  }

  @Test
  void whoeverIsInAHurryIsAnsweredAtOnce() {
    run(5);
    long before = search.confirmedAt();
    search.hurry(now);
    run(1);
    assertTrue(search.confirmedAt() > before);
    carries = 1400;
    search.hurry(now);
    run(4);
    assertEquals(1400, search.known());
    carries = 1500;
    search.hurry(now);
    run(4);
    assertEquals(1500, search.known());
    carries = 0;
    long silent = now;
    search.hurry(now);
    run(60);
    assertEquals(1500, search.known());
    assertTrue(search.confirmedAt() <= silent);
    search.hurry(now);
    carries = 1500;
    run(2);
    assertTrue(search.confirmedAt() > silent);
  }

  @Test
  void findsNearlyAnySizeWithoutBeingTold() {
    told = false;
    for (int size = 1200; size <= PathSearch.MOST; size += 37) {
      carries = size;
      run(400); // as often as it looks for more, whatever was before
      run(400);
      int gap = size < 1500 ? 8 : 64;
      assertTrue(
          search.known() <= size && search.known() > size - gap, size + " " + search.known());
    }
  }

  @Test
  void findsCommonSizesExactly() {
    told = false;
    for (int size : new int[] {1280, 1400, 1420, 1450, 1460, 1492, 1500, 8900, 9000}) {
      carries = size;
      run(800);
      assertEquals(size, search.known());
    }
  }

  @Test
  void isKnownAfterThreeAnswersOnAnOrdinaryPath() {
    run(1);
    assertEquals(1500, search.known());
    assertEquals(3, sent, "1200, 1500, and 9000 which the interface refuses");
  }

  @Test
  void asksAFewTimesAMinute() {
    run(60);
    int before = sent;
    run(3600);
    assertTrue(sent - before < 5 * 60, "an hour: " + (sent - before));
    told = false;
    carries = 1386;
    run(60);
    int found = sent;
    run(3600);
    assertTrue(sent - found < 10 * 60, "a narrow path without a word: " + (sent - found));
  }

  @Test
  void aSmallerPathIsNoticedWithinHalfAMinute() {
    run(10);
    told = false;
    carries = 1400;
    run(28);
    assertTrue(search.known() <= 1400, "known " + search.known());
    run(10);
    assertEquals(1400, search.known());
  }

  @Test
  void aLargerPathIsFoundWhenItIsTimeToLook() {
    carries = 1400;
    run(10);
    carries = 1500;
    run(330);
    assertEquals(1500, search.known());
  }

  @Test
  void whoHasGoneIsAskedRarelyAndKeepsWhatItHad() {
    carries = 1400;
    run(10);
    carries = 0;
    run(600);
    int before = sent;
    run(3600);
    assertTrue(sent - before <= 7 * 60, "an hour: " + (sent - before));
    assertEquals(1400, search.known());
    carries = 1400;
    for (int i = 0; i < 70; i++) {
      run(1);
      assertEquals(1400, search.known(), "not less for a moment");
    }
  }

  @Test
  void lossAloneChangesNothingForLong() {
    lossOneIn = 10;
    run(30);
    int wrong = 0;
    for (int i = 0; i < 3600; i++) {
      run(1);
      wrong += search.known() == 1500 ? 0 : 1;
    }
    assertTrue(wrong < 36, "seconds of an hour: " + wrong);
  }

  @Test
  void nonsenseFromRoutersEndsNowhere() {
    run(10);
    for (int i = 0; i < 10_000; i++) {
      if (search.due(now) != 0) {
        search.tooBig(random.nextInt(3000) - 500, now);
      }
      now += SECOND / 10;
    }
    told = false;
    run(400);
    assertEquals(1500, search.known());
  }
}
