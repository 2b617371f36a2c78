package io.meshd.daemon.raft;

import io.atomix.cluster.MemberId;
import io.atomix.protocols.raft.RaftError;
import io.atomix.protocols.raft.cluster.RaftMember;
import io.atomix.protocols.raft.cluster.impl.DefaultRaftMember;
import io.atomix.protocols.raft.impl.RaftContext;
import io.atomix.protocols.raft.protocol.ConfigurationResponse;
import io.atomix.protocols.raft.protocol.JoinRequest;
import io.atomix.protocols.raft.protocol.JoinResponse;
import io.atomix.protocols.raft.protocol.RaftResponse;
import io.atomix.protocols.raft.protocol.ReconfigureRequest;
import io.atomix.protocols.raft.protocol.ReconfigureResponse;
import io.atomix.protocols.raft.storage.system.Configuration;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How a member comes to a log that others have: it is written down as one without a vote, gets the
 * log (or a snapshot and what follows), and has its vote once it is where the leader was. So the
 * majority does not depend on it before it can do its part.
 */
final class Joining {
  private static final long PAUSE_MILLIS = 50;

  /** What has to be done between having the log and having a vote. */
  @FunctionalInterface
  interface BeforeVote {
    void run() throws IOException;
  }

  private final RaftContext raft;
  private final Messages messages;
  private final Leaders leaders;
  private final Supplier<CompletableFuture<Void>> catchUp;
  private final DefaultRaftMember self;

  Joining(
      RaftContext raft,
      Messages messages,
      Leaders leaders,
      Supplier<CompletableFuture<Void>> catchUp) {
    this.raft = raft;
    this.messages = messages;
    this.leaders = leaders;
    this.catchUp = catchUp;
    this.self = (DefaultRaftMember) raft.getCluster().getMember();
  }

  /**
   * Returns when this member votes and has applied what was acknowledged before.
   *
   * @throws IOException in a sentence when that is not so in time; the caller has it taken out
   */
  void join(List<String> others, Duration limit, BeforeVote beforeVote) throws IOException {
    long deadline = System.nanoTime() + limit.toNanos();
    run(() -> prepare(others));
    List<MemberId> members = others.stream().map(MemberId::from).toList();
    JoinResponse joined = null;
    for (int i = 0; joined == null; i++) {
      requireTime(deadline, "no leader of the managers answered");
      joined = tryToJoin(members.get(i % members.size()));
    }
    configure(joined);
    catchUp(deadline);
    beforeVote.run();
    while (self.getType() != RaftMember.Type.ACTIVE) {
      requireTime(deadline, "this manager was not given its vote");
      promote();
    }
    catchUp(deadline);
  }

  /** Once: what an earlier attempt has brought, maybe a vote, is not to be forgotten. */
  private void prepare(List<String> others) {
    Configuration known = raft.getCluster().getConfiguration();
    if (known != null && known.index() > 0) {
      return;
    }
    Instant now = Instant.now();
    self.update(RaftMember.Type.PROMOTABLE, now);
    raft.getCluster()
        .configure(
            new Configuration(
                0,
                0,
                now.toEpochMilli(),
                others.stream()
                    .map(MemberId::from)
                    .map(id -> new DefaultRaftMember(id, RaftMember.Type.ACTIVE, now))
                    .collect(Collectors.toList())));
    raft.transition(RaftMember.Type.PROMOTABLE);
  }

  private @Nullable JoinResponse tryToJoin(MemberId by) {
    JoinRequest request =
        JoinRequest.builder()
            .withMember(
                new DefaultRaftMember(self.memberId(), RaftMember.Type.PROMOTABLE, Instant.now()))
            .build();
    JoinResponse response =
        answer(messages.<JoinRequest, JoinResponse>request(by, "join", request));
    if (response != null && response.status() == RaftResponse.Status.OK) {
      return response;
    }
    pause();
    return null;
  }

  private void promote() throws IOException {
    MemberId leader = leaders.leader();
    Configuration known = raft.getCluster().getConfiguration();
    if (leader == null) {
      pause();
      return;
    }
    ReconfigureResponse response = promote(leader, known.index(), known.term());
    if (response != null
        && response.error() != null
        && response.error().type() == RaftError.Type.CONFIGURATION_ERROR) {
      // Whoever was told of a configuration by a later leader than the one that made it takes the
      // later one's term for its own: it is the leader that says which term it has.
      JoinResponse theirs = tryToJoin(leader);
      response = theirs == null ? null : promote(leader, theirs.index(), theirs.term());
    }
    if (response != null && response.status() == RaftResponse.Status.OK) {
      configure(response);
    } else if (response == null || response.error() == null) {
      pause();
    } else if (response.error().type() == RaftError.Type.UNKNOWN_SESSION) {
      throw new IOException("this manager was taken out while it joined");
    } else {
      pause();
    }
  }

  private @Nullable ReconfigureResponse promote(MemberId leader, long index, long term) {
    return answer(
        messages.<ReconfigureRequest, ReconfigureResponse>request(
            leader,
            "reconfigure",
            ReconfigureRequest.builder()
                .withIndex(index)
                .withTerm(term)
                .withMember(
                    new DefaultRaftMember(self.memberId(), RaftMember.Type.ACTIVE, Instant.now()))
                .build()));
  }

  private void configure(ConfigurationResponse response) throws IOException {
    Configuration configuration =
        new Configuration(
            response.index(), response.term(), response.timestamp(), response.members());
    run(() -> raft.getCluster().configure(configuration).commit());
  }

  private void catchUp(long deadline) throws IOException {
    while (true) {
      requireTime(deadline, "the managers' log was not caught up with");
      try {
        catchUp.get().join();
        return;
      } catch (CompletionException _) {
        pause();
      }
    }
  }

  private void run(Runnable task) throws IOException {
    try {
      CompletableFuture.runAsync(task, raft.getThreadContext()).join();
    } catch (CompletionException e) {
      throw new IOException("the Raft server did not take the configuration", e);
    }
  }

  /** Null, a little later, when there is none. */
  private static <R> @Nullable R answer(CompletableFuture<R> asked) {
    try {
      return asked.orTimeout(5, TimeUnit.SECONDS).join();
    } catch (CompletionException _) {
      return null;
    }
  }

  private static void requireTime(long deadline, String otherwise) throws IOException {
    if (System.nanoTime() - deadline > 0 || Thread.currentThread().isInterrupted()) {
      throw new IOException("this manager could not join: " + otherwise);
    }
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
