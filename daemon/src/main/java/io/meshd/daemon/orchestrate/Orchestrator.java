package io.meshd.daemon.orchestrate;

import io.meshd.daemon.command.Ids;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.Outcome;
import io.meshd.daemon.state.StateListener;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The leader's loop: a state is looked at, what {@link Decisions} says is proposed, and again,
 * until nothing is to be done; then it waits for a new state or for the time that the last look
 * named. Runs on the leader only, between {@link #start} and {@link #stop}; nothing is remembered
 * between looks, so the next leader needs nothing from the last.
 */
public final class Orchestrator {
  private static final Logger log = LoggerFactory.getLogger(Orchestrator.class);

  /** Pause after a proposal that no majority took. */
  private static final Duration UNAVAILABLE_PAUSE = Duration.ofSeconds(1);

  /** Pause after a refusal: the state is not what the plan was made for. */
  private static final Duration REFUSED_PAUSE = Duration.ofMillis(200);

  private final Proposer proposer;
  private final InstantSource clock;
  private final Ids ids;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private long newest;
  private @Nullable Thread loop;

  /**
   * @param subscribe called once, here, with a listener that is told of every version applied on
   *     this node
   */
  public Orchestrator(
      Proposer proposer, Consumer<StateListener> subscribe, InstantSource clock, Ids ids) {
    this.proposer = proposer;
    this.clock = clock;
    this.ids = ids;
    subscribe.accept(this::onState);
  }

  private void onState(ClusterState state) {
    lock.lock();
    try {
      newest = state.version();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** On becoming leader, once the log is caught up. A second call does nothing. */
  public void start() {
    lock.lock();
    try {
      if (loop == null) {
        loop = Thread.ofVirtual().name("orchestrator").start(this::run);
      }
    } finally {
      lock.unlock();
    }
  }

  /** On losing the lead. Returns when nothing more is proposed. */
  public void stop() {
    Thread running;
    lock.lock();
    try {
      running = loop;
      loop = null;
    } finally {
      lock.unlock();
    }
    if (running == null) {
      return;
    }
    running.interrupt();
    try {
      running.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void run() {
    try {
      while (!Thread.currentThread().isInterrupted()) {
        ClusterState state = proposer.state();
        Plan.Decision decision = look(state);
        Duration pause = propose(decision);
        if (!pause.isZero()) {
          Thread.sleep(pause);
        } else if (decision.commands().isEmpty()) {
          await(state.version(), decision.wakeAt());
        }
      }
    } catch (InterruptedException e) {
      log.debug("the orchestrator ends");
    }
  }

  private Plan.Decision look(ClusterState state) {
    try {
      return Decisions.decide(state, clock.instant(), ids);
    } catch (RuntimeException e) {
      // One state that cannot be judged must not end the loop for all that follow.
      log.error("version {} could not be judged", state.version(), e);
      return new Plan.Decision(List.of(), null);
    }
  }

  /**
   * @return how long to wait before looking again; zero when all was taken
   */
  private Duration propose(Plan.Decision decision) throws InterruptedException {
    for (Command command : decision.commands()) {
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      if (proposer.propose(command) instanceof Outcome.Refused refused) {
        log.debug("{} was refused: {}", command.getClass().getSimpleName(), refused.message());
        return refused.reason() == Outcome.Reason.UNAVAILABLE ? UNAVAILABLE_PAUSE : REFUSED_PAUSE;
      }
    }
    return Duration.ZERO;
  }

  private void await(long seen, @Nullable Instant wakeAt) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (newest <= seen) {
        if (wakeAt == null) {
          changed.await();
          continue;
        }
        long nanos = Duration.between(clock.instant(), wakeAt).toNanos();
        if (nanos <= 0 || changed.awaitNanos(nanos) <= 0) {
          return;
        }
      }
    } finally {
      lock.unlock();
    }
  }
}
