package io.meshd.daemon.raft;

import io.atomix.cluster.MemberId;
import io.atomix.protocols.raft.RaftError;
import io.atomix.protocols.raft.RaftServer;
import io.atomix.protocols.raft.cluster.RaftMember;
import io.atomix.protocols.raft.cluster.impl.DefaultRaftMember;
import io.atomix.protocols.raft.cluster.impl.RaftMemberContext;
import io.atomix.protocols.raft.impl.RaftContext;
import io.atomix.protocols.raft.protocol.LeaveRequest;
import io.atomix.protocols.raft.protocol.LeaveResponse;
import io.atomix.protocols.raft.protocol.RaftResponse;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Asks the leader, wherever it is, to take a member out or to hand over. */
final class Changes {
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final String STEP_DOWN = "stepDown";
  private static final String TAKE_OVER = "takeOver";
  private static final String TAKEN_OUT = "takenOut";

  private final RaftContext raft;
  private final Messages messages;
  private final Leaders leaders;
  private final Contact contact;
  private final Departures departures;
  private final DiskSpace disk;

  Changes(
      RaftContext raft,
      Messages messages,
      Leaders leaders,
      Contact contact,
      Departures departures,
      DiskSpace disk) {
    this.raft = raft;
    this.messages = messages;
    this.leaders = leaders;
    this.contact = contact;
    this.departures = departures;
    this.disk = disk;
  }

  void serve() {
    messages.serveBytes(STEP_DOWN, _ -> stepDown().thenApply(_ -> new byte[0]));
    messages.serveBytes(
        TAKE_OVER,
        _ ->
            disk.hasRoom()
                ? raft.anoint().thenApply(_ -> new byte[0])
                : CompletableFuture.failedFuture(new IOException(disk.words())));
    messages.serveBytes(
        TAKEN_OUT,
        _ -> {
          departures.takenOut();
          return CompletableFuture.completedFuture(new byte[0]);
        });
  }

  CompletableFuture<Void> remove(String member) {
    MemberId leaving = MemberId.from(member);
    LeaveRequest request =
        LeaveRequest.builder()
            .withMember(new DefaultRaftMember(leaving, RaftMember.Type.ACTIVE, Instant.now()))
            .build();
    Predicate<LeaveResponse> last =
        response ->
            response.status() == RaftResponse.Status.OK
                || (response.error() != null
                    && response.error().type() == RaftError.Type.CONFIGURATION_ERROR);
    return leaders
        .ask(
            leader ->
                leader.equals(leaving)
                    ? messages
                        .bytes(leader, STEP_DOWN, new byte[0])
                        .thenCompose(
                            _ -> CompletableFuture.failedFuture(new IllegalStateException("again")))
                    : messages.<LeaveRequest, LeaveResponse>request(leader, "leave", request),
            last,
            System.nanoTime() + LIMIT.toNanos())
        .handle(
            (response, error) -> {
              if (error != null || response.status() != RaftResponse.Status.OK) {
                throw error == null && last.test(response)
                    ? new ReplicatedLog.RefusedException(response.error().message())
                    : new ReplicatedLog.NoLeaderException(
                        "no majority of the managers took the member out");
              }
              messages.sendBytes(leaving, TAKEN_OUT, new byte[0]);
              return null;
            });
  }

  /** The member with most of the log among those that answer takes over. */
  CompletableFuture<Void> stepDown() {
    return CompletableFuture.supplyAsync(this::successor, raft.getThreadContext())
        .thenCompose(
            next ->
                next.equals(raft.getCluster().getMember().memberId())
                    ? CompletableFuture.completedFuture(null)
                    : messages
                        .bytes(next, TAKE_OVER, new byte[0])
                        .<Void>thenApply(_ -> null)
                        .orTimeout(LIMIT.toMillis(), TimeUnit.MILLISECONDS));
  }

  private MemberId successor() {
    MemberId self = raft.getCluster().getMember().memberId();
    if (raft.getRole() != RaftServer.Role.LEADER) {
      return self;
    }
    return raft.getCluster().getActiveMemberStates().stream()
        .filter(
            member ->
                contact.within(
                    member.getMember().memberId(), raft.getElectionTimeout().multipliedBy(2)))
        .max(Comparator.comparingLong(RaftMemberContext::getMatchIndex))
        .map(member -> member.getMember().memberId())
        .orElseThrow(
            () -> new ReplicatedLog.RefusedException("no other manager can take over the lead"));
  }
}
