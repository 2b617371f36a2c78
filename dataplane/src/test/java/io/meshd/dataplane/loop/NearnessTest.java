package io.meshd.dataplane.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NearnessTest {
  private static final int ANY = -1;
  private static final long LITTLE = Duration.ofNanos(10_000).toNanos();
  private static final long BETWEEN = Duration.ofNanos(100_000).toNanos();

  private final List<Integer> went = new ArrayList<>();
  private int missing = ANY;
  private long now;

  private int current = 5;

  private final Nearness nearness =
      new Nearness(
          new Nearness.Place() {
            @Override
            public int current() {
              return current;
            }

            @Override
            public boolean only(int processor) {
              if (processor == missing) {
                return false;
              }
              current = processor;
              went.add(processor);
              return true;
            }

            @Override
            public void any() {
              went.add(ANY);
            }
          });

  @BeforeEach
  void goesFirst() {
    nearness.first(true);
    pass(Nearness.REST);
  }

  @Test
  void itGoesWhereItIsWokenFromOften() {
    woken(1, Nearness.SAME - 1);
    assertEquals(List.of(), went);
    woken(1, 1);
    assertEquals(List.of(1), went);
    woken(1, 100);
    assertEquals(List.of(1), went);
  }

  @Test
  void itStaysWhereItIsBetweenTwoOthers() {
    woken(0, Nearness.SAME);
    for (int i = 0; i < 100; i++) {
      woken(1 + i % 2, Nearness.SAME - 1);
    }
    assertEquals(List.of(0), went);
  }

  @Test
  void itsOwnProcessorDoesNotHoldIt() {
    for (int i = 0; i < Nearness.SAME; i++) {
      woken(5, 1);
      woken(1, 1);
    }
    assertEquals(List.of(1), went);
    pass(Nearness.STAY);
    for (int i = 0; i < Nearness.SAME; i++) {
      woken(1, 1);
      woken(2, 1);
    }
    assertEquals(List.of(1, 2), went);
  }

  @Test
  void itStaysForATime() {
    woken(0, Nearness.SAME);
    woken(1, Nearness.SAME);
    assertEquals(List.of(0), went);
    pass(Nearness.STAY);
    woken(1, 1);
    assertEquals(List.of(0, 1), went);
  }

  @Test
  void withMuchToDoItIsLetGoForAWhile() {
    woken(1, Nearness.SAME);
    long window = Nearness.WINDOW.toNanos();
    work(1, window / 2);
    work(1, window / 2);
    assertEquals(List.of(1, ANY), went);
    pass(Nearness.REST.dividedBy(2));
    current = 5;
    woken(1, 2 * Nearness.SAME);
    assertEquals(List.of(1, ANY), went);
    pass(Nearness.REST.dividedBy(2));
    woken(1, Nearness.SAME);
    assertEquals(List.of(1, ANY, 1), went);
  }

  @Test
  void whoDoesNotComeToAnEndHasMuchToDo() {
    woken(1, Nearness.SAME);
    nearness.hasMuch(now);
    nearness.hasMuch(now);
    assertEquals(List.of(1, ANY), went);
    current = 5;
    woken(1, Nearness.SAME);
    assertEquals(List.of(1, ANY), went);
  }

  @Test
  void oneOfManyIsNowhereInParticular() {
    woken(1, Nearness.SAME);
    nearness.first(false);
    woken(1, 100);
    assertEquals(List.of(1, ANY), went);
    nearness.first(true);
    pass(Nearness.STAY);
    current = 5;
    woken(1, Nearness.SAME);
    assertEquals(List.of(1, ANY, 1), went);
  }

  @Test
  void aProcessorThatItMayNotUseIsLeftAlone() {
    missing = 3;
    woken(1, Nearness.SAME);
    pass(Nearness.STAY);
    woken(3, 100);
    woken(1, 100);
    assertEquals(List.of(1), went);
  }

  private void woken(int processor, int times) {
    for (int i = 0; i < times; i++) {
      now += BETWEEN;
      work(processor, LITTLE);
    }
  }

  private void work(int processor, long nanos) {
    nearness.woken(processor, now, now + nanos);
    now += nanos;
  }

  private void pass(Duration time) {
    now += time.toNanos();
  }
}
