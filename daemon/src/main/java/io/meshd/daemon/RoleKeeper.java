package io.meshd.daemon;

import io.meshd.daemon.raft.ReplicatedLog;
import io.meshd.daemon.raft.Transport;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.StateListener;
import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The leader's care for who is a member of the managers' log: nodes that are no managers any more
 * are taken out. Managers come in by themselves.
 */
final class RoleKeeper implements StateListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RoleKeeper.class);

  /** Between tries of what could not be done: too few others answered. */
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final ReplicatedLog log;
  private final Supplier<ClusterState> state;
  private boolean changed;
  private boolean closed;

  RoleKeeper(ReplicatedLog log, Supplier<ClusterState> state) {
    this.log = log;
    this.state = state;
  }

  void start() {
    Thread.ofVirtual().name("role-keeper").start(this::run);
    log.onMembers(members -> wake());
    log.onRole(leads -> wake());
  }

  @Override
  public void onState(ClusterState newer) {
    wake();
  }

  private synchronized void wake() {
    changed = true;
    notifyAll();
  }

  private void run() {
    try {
      while (awaitChange()) {
        boolean done = !log.isLeader() || keep(state.get());
        while (!done && pause()) {
          done = !log.isLeader() || keep(state.get());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized boolean awaitChange() throws InterruptedException {
    while (!changed && !closed) {
      wait();
    }
    changed = false;
    return !closed;
  }

  /** False once this is closed. */
  @SuppressWarnings("WaitNotInLoop") // being woken early only looks early
  private synchronized boolean pause() throws InterruptedException {
    if (!closed) {
      wait(PAUSE.toMillis());
    }
    return !closed;
  }

  /** True when there is nothing left to do. */
  private boolean keep(ClusterState now) {
    boolean done = true;
    for (String member : log.members()) {
      NodeRecord node = now.nodes().get(Transport.nodeOf(member));
      if (now.version() > 0 && (node == null || !node.manager())) {
        done &= remove(member);
      }
    }
    return done;
  }

  private boolean remove(String member) {
    try {
      log.remove(member).join();
      LOG.info("{} is no manager any more and out of the log", member);
      return true;
    } catch (CompletionException e) {
      LOG.warn(
          "{} is no manager any more, but still in the log: {}",
          member,
          e.getCause() == null ? e.getMessage() : e.getCause().getMessage());
      return false;
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    notifyAll();
  }
}
