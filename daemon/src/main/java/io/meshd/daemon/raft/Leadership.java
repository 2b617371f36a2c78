package io.meshd.daemon.raft;

import io.atomix.protocols.raft.impl.RaftContext;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether this member leads, as others are to see it: it does once it was elected <em>and</em> has
 * applied everything that was acknowledged before. Listeners are told one change at a time, on a
 * thread of their own.
 */
final class Leadership implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Leadership.class);

  private static final int MOST_TRIES = 2;

  private final RaftContext raft;
  private final Supplier<CompletableFuture<Void>> catchUp;
  private final List<ReplicatedLog.RoleListener> listeners = new CopyOnWriteArrayList<>();
  private final ExecutorService changes =
      Executors.newSingleThreadExecutor(Thread.ofVirtual().name("raft-role").factory());
  private final Runnable stuck;
  private volatile boolean leads;

  /**
   * @param stuck run when this member stays the elected one, and cannot apply what the log holds
   */
  Leadership(RaftContext raft, Supplier<CompletableFuture<Void>> catchUp, Runnable stuck) {
    this.raft = raft;
    this.catchUp = catchUp;
    this.stuck = stuck;
  }

  /** Once proposals are possible; completes when the present role is known. */
  CompletableFuture<Void> start() {
    raft.addRoleChangeListener(role -> lookAgain());
    return CompletableFuture.runAsync(this::look, changes);
  }

  boolean leads() {
    return leads && raft.isLeader();
  }

  void add(ReplicatedLog.RoleListener listener) {
    changes.execute(
        () -> {
          listeners.add(listener);
          tell(listener, leads);
        });
  }

  private void lookAgain() {
    try {
      changes.execute(this::look);
    } catch (RejectedExecutionException _) {
      LOG.debug("closed while the role changed");
    }
  }

  private void look() {
    boolean now = raft.isLeader() && caughtUp();
    if (now != leads) {
      leads = now;
      boolean role = now;
      listeners.forEach(listener -> tell(listener, role));
    }
  }

  /** While it is the elected one nobody else leads, so that it must not try for ever. */
  private boolean caughtUp() {
    for (int tries = 0; tries < MOST_TRIES; tries++) {
      try {
        catchUp.get().join();
        return raft.isLeader();
      } catch (RuntimeException e) {
        LOG.warn("Elected, but not caught up: {}", e.getMessage());
      }
      if (!raft.isLeader()) {
        return false;
      }
    }
    stuck.run();
    return false;
  }

  private static void tell(ReplicatedLog.RoleListener listener, boolean leads) {
    try {
      listener.onRole(leads);
    } catch (RuntimeException e) {
      LOG.error("A listener of the leader's role failed", e);
    }
  }

  @Override
  public void close() {
    changes.shutdownNow();
  }
}
