package io.meshd.dataplane.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.meshd.dataplane.sys.Scheduling;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Test;

class PrecedenceTest {
  private final List<Boolean> said = new ArrayList<>();
  private final Queue<Runnable> later = new ArrayDeque<>();
  private boolean allowed = true;
  private long now;

  private final Precedence precedence =
      new Precedence(
          () -> now,
          first -> {
            said.add(first);
            return first && allowed;
          },
          (delay, work) -> {
            assertEquals(Precedence.REST, delay);
            later.add(work);
          });

  private void pass(Duration time) {
    now += time.toNanos();
  }

  @Test
  void aLoopThatKeepsUpGoesFirst() {
    precedence.begin();
    for (int i = 0; i < 100; i++) {
      precedence.fallsBehind();
      pass(Precedence.LONGEST);
      precedence.staysBehind();
      precedence.catchesUp();
      pass(Precedence.LONGEST);
    }
    assertEquals(List.of(true), said);
  }

  @Test
  void aLoopThatDoesNotIsOneOfManyUntilItHas() {
    precedence.begin();
    precedence.fallsBehind();
    pass(Precedence.LONGEST.plusNanos(1));
    precedence.staysBehind();
    precedence.staysBehind();
    assertEquals(List.of(true, false), said);
    assertEquals(1, later.size());
    later.remove().run();
    assertEquals(List.of(true, false), said, "it is still behind");
    precedence.catchesUp();
    later.remove().run();
    assertEquals(List.of(true, false, true), said);
  }

  @Test
  void aLoopThatMayNotGoFirstAsksOnce() {
    allowed = false;
    precedence.begin();
    precedence.fallsBehind();
    pass(Precedence.LONGEST.plusNanos(1));
    precedence.staysBehind();
    wake(Duration.ZERO);
    wake(Duration.ZERO);
    assertEquals(List.of(true), said);
    assertEquals(0, later.size());
  }

  /** Two that take turns being read out leave nobody else a turn either. */
  @Test
  void oneDescriptorThatIsReadOutDoesNotHideAnother() {
    precedence.begin();
    precedence.fallsBehind();
    for (int i = 0; i < 3; i++) {
      precedence.fallsBehind();
      pass(Precedence.LONGEST);
      precedence.catchesUp();
      precedence.staysBehind();
    }
    assertEquals(List.of(true, false), said);
  }

  @Test
  void aLoopThatIsWokenForEveryFrameIsOneOfMany() {
    precedence.begin();
    wake(Precedence.OFTEN);
    wake(Precedence.OFTEN);
    assertEquals(List.of(true), said);
    wake(Precedence.OFTEN.dividedBy(2));
    assertEquals(List.of(true, false), said);
    wake(Precedence.OFTEN.dividedBy(2));
    later.remove().run();
    assertEquals(List.of(true, false, true), said);
    assertEquals(0, later.size());
  }

  private void wake(Duration time) {
    pass(time);
    for (int i = 0; i < Precedence.WAKES; i++) {
      precedence.wakes();
    }
  }

  /** Policies as sched(7) numbers them; the kernel tells them in field 41 of proc_pid_stat(5). */
  @Test
  void theKernelDoesWhatItIsTold() throws Exception {
    List<String> policies = new ArrayList<>();
    Thread thread =
        Thread.ofPlatform()
            .start(
                () -> {
                  policies.add("" + Scheduling.first());
                  policies.add(policy());
                  policies.add("" + Scheduling.ordinary());
                  policies.add(policy());
                });
    thread.join();
    assertEquals(List.of("0", "2", "0", "0"), policies);
  }

  private static String policy() {
    try {
      String stat = Files.readString(Path.of("/proc/thread-self/stat"));
      return stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[38];
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
