package io.meshd.daemon.raft;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The log of the managers, seen by whoever proposes. Members are named {@code <nodeId>.<random>}
 * ({@link Transport#nodeOf}); a member that lost its disk comes back under a new name.
 */
public interface ReplicatedLog extends AutoCloseable {

  /**
   * Completes with what {@link Machine#apply} answered, once the entry is on disk (fsync) on a
   * majority; exceptionally with {@link NoLeaderException} when no majority answers in time, or
   * with {@link RefusedException} when the leader says why it takes nothing (its disk is full).
   * After either exception the entry may or may not be applied later. Works on every member.
   */
  CompletableFuture<byte[]> propose(byte[] entry);

  /**
   * Waits until every entry that was acknowledged anywhere before the call is applied here. A
   * leader is asked that has confirmed with a majority that it still leads; where there is none,
   * this fails with {@link NoLeaderException} and nothing stale is taken for new.
   */
  CompletableFuture<Void> catchUp();

  /** Whether this member leads, and has applied everything that was acknowledged before. */
  boolean isLeader();

  /** This member's name. */
  String member();

  /** The member that leads, as far as it is known here; null where none is known. */
  @Nullable String leader();

  /**
   * All members of the configuration that is known here, this one too, in the order of names; also
   * one that joins and has no vote yet.
   */
  List<String> members();

  /**
   * Members to whether they answered their leader in the last seconds. Only the leader knows:
   * elsewhere this is empty.
   */
  Map<String, Boolean> reachable();

  /**
   * Takes a member out for good, dead or alive; a leader steps down first. Completes when a
   * majority knows; exceptionally with {@link RefusedException} where it would cost the majority.
   */
  CompletableFuture<Void> remove(String member);

  /**
   * Hands the leadership to the member that is furthest, if this one has it: before an ordered
   * stop. Completes when another leads; exceptionally when nobody can take it.
   */
  CompletableFuture<Void> stepDown();

  /** Told on every change, on a thread of its own. */
  void onRole(RoleListener listener);

  /** Told the members of the present configuration, and again after every change. */
  void onMembers(MembersListener listener);

  /**
   * Run once when this member learns that it was taken out: it serves no more and can be closed.
   */
  void onRemoved(Runnable listener);

  /**
   * Told once, in a sentence, when this member can take part no more because of what is on its
   * disk: it neither votes nor leads until it is closed and opened again.
   */
  void onBroken(Consumer<String> listener);

  /**
   * Told once, in a sentence, when this member has stopped before an entry or a snapshot that is of
   * a later version than its machine knows. Nothing is lost: it takes no part and stays behind, and
   * goes on from there when a version that knows it opens the log.
   */
  void onHalted(Consumer<String> listener);

  @Override
  void close();

  /** What the entries drive. Called by one thread, in log order. */
  interface Machine {
    /**
     * @throws LaterFormatException when others may know what the entry means, and this one does not
     */
    byte[] apply(byte[] entry);

    byte[] snapshot();

    /**
     * @throws LaterFormatException as for an entry
     */
    void restore(byte[] snapshot);
  }

  @FunctionalInterface
  interface RoleListener {
    void onRole(boolean leader);
  }

  @FunctionalInterface
  interface MembersListener {
    void onMembers(List<String> members);
  }

  /** No majority, or no leader yet. */
  final class NoLeaderException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public NoLeaderException(String message) {
      super(message);
    }
  }

  /** To go on would be to come to another state than the others have. */
  final class LaterFormatException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public LaterFormatException(String message) {
      super(message);
    }
  }

  /** What is not done, and why, in a sentence. */
  final class RefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public RefusedException(String message) {
      super(message);
    }
  }
}
