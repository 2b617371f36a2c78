package io.meshd.daemon.doctor;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Asks many at once, and waits for each no longer than it is allowed. */
final class EachNode {
  private EachNode() {}

  /** A question that blocks. */
  @FunctionalInterface
  interface Question<K, A> {
    A ask(K whom) throws IOException, InterruptedException;
  }

  /**
   * @param answer null when there is none
   * @param failure in words; null when there is an answer
   */
  record Answer<K, A>(K whom, @Nullable A answer, @Nullable String failure) {}

  /** In the order of {@code all}. */
  static <K, A> List<Answer<K, A>> ask(List<K> all, Duration limit, Question<K, A> question)
      throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    List<FutureTask<A>> running = new ArrayList<>();
    for (K whom : all) {
      FutureTask<A> task = new FutureTask<>(() -> question.ask(whom));
      Thread.ofVirtual().name("doctor-asks").start(task);
      running.add(task);
    }
    List<Answer<K, A>> answers = new ArrayList<>();
    for (int i = 0; i < running.size(); i++) {
      answers.add(answer(all.get(i), running.get(i), end, limit));
    }
    return answers;
  }

  private static <K, A> Answer<K, A> answer(K whom, FutureTask<A> task, long end, Duration limit)
      throws InterruptedException {
    try {
      return new Answer<>(
          whom, task.get(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS), null);
    } catch (TimeoutException e) {
      task.cancel(true);
      return new Answer<>(whom, null, "no answer within " + limit.toSeconds() + " s");
    } catch (ExecutionException e) {
      Throwable cause = Objects.requireNonNullElse(e.getCause(), e);
      return new Answer<>(whom, null, Objects.requireNonNullElse(cause.getMessage(), "" + cause));
    }
  }
}
