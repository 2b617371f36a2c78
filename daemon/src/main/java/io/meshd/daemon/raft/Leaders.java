package io.meshd.daemon.raft;

import io.atomix.cluster.MemberId;
import java.net.ConnectException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Brings a request to the leader that is known now, and again to the next one until it is answered:
 * for requests that may arrive twice.
 */
final class Leaders {
  private static final long PAUSE_MILLIS = 25;
  private static final Duration ATTEMPT = Duration.ofSeconds(2);
  private static final long TROUBLE_NANOS = Duration.ofSeconds(1).toNanos();
  private static final Executor LATER =
      CompletableFuture.delayedExecutor(PAUSE_MILLIS, TimeUnit.MILLISECONDS);

  private final Supplier<@Nullable MemberId> leader;
  private final AtomicReference<@Nullable Trouble> trouble = new AtomicReference<>();
  private volatile boolean closed;

  private record Trouble(String words, long at) {}

  Leaders(Supplier<@Nullable MemberId> leader) {
    this.leader = leader;
  }

  @Nullable MemberId leader() {
    return leader.get();
  }

  /**
   * @param last whether an answer is final; another is asked for again
   * @param deadline by {@link System#nanoTime}
   */
  <R> CompletableFuture<R> ask(
      Function<MemberId, CompletableFuture<R>> request, Predicate<R> last, long deadline) {
    CompletableFuture<R> result = new CompletableFuture<>();
    attempt(request, last, deadline, result);
    return result;
  }

  private <R> void attempt(
      Function<MemberId, CompletableFuture<R>> request,
      Predicate<R> last,
      long deadline,
      CompletableFuture<R> result) {
    MemberId to = leader.get();
    CompletableFuture<R> answer =
        to == null
            ? CompletableFuture.failedFuture(new ConnectException("no leader is known"))
            : request.apply(to).copy().orTimeout(ATTEMPT.toMillis(), TimeUnit.MILLISECONDS);
    var _ =
        answer.whenComplete(
            (response, error) -> {
              if (error == null && (last.test(response) || over(deadline))) {
                result.complete(response);
              } else if (error != null && over(deadline)) {
                result.completeExceptionally(error);
              } else {
                LATER.execute(() -> attempt(request, last, deadline, result));
              }
            });
  }

  private boolean over(long deadline) {
    return closed || System.nanoTime() - deadline >= 0;
  }

  /** Completes when a leader is known; exceptionally after the limit. */
  CompletableFuture<MemberId> await(Duration limit) {
    return ask(CompletableFuture::completedFuture, _ -> true, System.nanoTime() + limit.toNanos());
  }

  /** The leader answers, and says why it does not do what is asked. */
  void trouble(String words) {
    trouble.set(new Trouble(words, System.nanoTime()));
  }

  /** What the leader said a moment ago, or null. */
  @Nullable String trouble() {
    Trouble last = trouble.get();
    return last == null || System.nanoTime() - last.at() > TROUBLE_NANOS ? null : last.words();
  }

  /** What is asked again ends with its last error. */
  void close() {
    closed = true;
  }
}
