package io.meshd.daemon.raft;

import java.util.concurrent.CompletableFuture;

/** The log of the managers, seen by whoever proposes. */
public interface ReplicatedLog extends AutoCloseable {

  /**
   * Completes with what {@link Machine#apply} answered, once the entry is on disk (fsync) on a
   * majority; exceptionally with {@link NoLeaderException} when no majority answers in time. After
   * that exception the entry may or may not be applied later.
   */
  CompletableFuture<byte[]> propose(byte[] entry);

  /** Waits until every entry that was acknowledged anywhere before the call is applied here. */
  CompletableFuture<Void> catchUp();

  boolean isLeader();

  /** Told on every change, on a thread of its own. */
  void onRole(RoleListener listener);

  @Override
  void close();

  /** What the entries drive. Called by one thread, in log order. */
  interface Machine {
    byte[] apply(byte[] entry);

    byte[] snapshot();

    void restore(byte[] snapshot);
  }

  @FunctionalInterface
  interface RoleListener {
    void onRole(boolean leader);
  }

  /** No majority, or no leader yet. */
  final class NoLeaderException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public NoLeaderException(String message) {
      super(message);
    }
  }
}
