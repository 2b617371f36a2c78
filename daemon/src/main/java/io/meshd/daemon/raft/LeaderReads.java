package io.meshd.daemon.raft;

import io.atomix.cluster.MemberId;
import io.atomix.protocols.raft.RaftServer;
import io.atomix.protocols.raft.cluster.RaftMember;
import io.atomix.protocols.raft.cluster.impl.RaftMemberContext;
import io.atomix.protocols.raft.impl.RaftContext;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * How far a linearizable read has to wait (Raft thesis 6.4, ReadIndex). The leader takes the index
 * of its last entry, which is behind everything that was ever acknowledged; asks all voting members
 * for their term; and answers once a majority has none newer than its own: so nobody else can have
 * led before the question came. What asks meanwhile waits for the next round.
 *
 * <p>Atomix' own linearizable query answers from what is applied, on a leader that may not have
 * committed an entry of its term yet, and by the time of day.
 */
final class LeaderReads {
  static final String INDEX = "readIndex";
  static final String TERM = "term";

  private final Messages messages;
  private final Duration limit;
  private List<CompletableFuture<Long>> waiting = new ArrayList<>();
  private boolean asking;

  /** {@code limit}: for one round. */
  LeaderReads(Messages messages, Duration limit) {
    this.messages = messages;
    this.limit = limit;
  }

  void serve(RaftContext raft) {
    messages.serveBytes(
        TERM,
        request ->
            CompletableFuture.supplyAsync(() -> bytes(raft.getTerm()), raft.getThreadContext()));
    messages.serveBytes(
        INDEX,
        request -> {
          CompletableFuture<Long> read = new CompletableFuture<>();
          raft.getThreadContext().execute(() -> enqueue(raft, read));
          return read.thenApply(LeaderReads::bytes);
        });
  }

  private void enqueue(RaftContext raft, CompletableFuture<Long> read) {
    waiting.add(read);
    if (!asking) {
      ask(raft);
    }
  }

  private void ask(RaftContext raft) {
    List<CompletableFuture<Long>> round = waiting;
    waiting = new ArrayList<>();
    if (raft.getRole() != RaftServer.Role.LEADER) {
      fail(round);
      return;
    }
    asking = true;
    long term = raft.getTerm();
    long index = raft.getLogWriter().getLastIndex();
    var _ =
        majority(raft, term)
            .whenCompleteAsync(
                (confirmed, error) -> {
                  asking = false;
                  if (error == null && raft.getTerm() == term) {
                    round.forEach(read -> read.complete(index));
                  } else {
                    fail(round);
                  }
                  if (!waiting.isEmpty()) {
                    ask(raft);
                  }
                },
                raft.getThreadContext());
  }

  private CompletableFuture<@Nullable Void> majority(RaftContext raft, long term) {
    CompletableFuture<@Nullable Void> confirmed = new CompletableFuture<>();
    boolean votes = raft.getCluster().getMember().getType() == RaftMember.Type.ACTIVE;
    AtomicInteger missing = new AtomicInteger(raft.getCluster().getQuorum() - (votes ? 1 : 0));
    if (missing.get() == 0) {
      confirmed.complete(null);
    }
    for (RaftMemberContext other : raft.getCluster().getActiveMemberStates()) {
      MemberId member = other.getMember().memberId();
      var _ =
          messages
              .bytes(member, TERM, new byte[0])
              .thenAccept(
                  answer -> {
                    if (ByteBuffer.wrap(answer).getLong() <= term
                        && missing.decrementAndGet() == 0) {
                      confirmed.complete(null);
                    }
                  });
    }
    return confirmed.orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static void fail(List<CompletableFuture<Long>> round) {
    round.forEach(
        read ->
            read.completeExceptionally(
                new ReplicatedLog.NoLeaderException("this member does not lead")));
  }

  private static byte[] bytes(long value) {
    return ByteBuffer.allocate(Long.BYTES).putLong(value).array();
  }
}
