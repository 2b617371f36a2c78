package io.meshd.daemon.raft;

import io.atomix.cluster.MemberId;
import io.atomix.protocols.raft.RaftError;
import io.atomix.protocols.raft.RaftServer;
import io.atomix.protocols.raft.impl.RaftContext;
import io.atomix.protocols.raft.protocol.AppendRequest;
import io.atomix.protocols.raft.protocol.AppendResponse;
import io.atomix.protocols.raft.protocol.CloseSessionRequest;
import io.atomix.protocols.raft.protocol.CloseSessionResponse;
import io.atomix.protocols.raft.protocol.CommandRequest;
import io.atomix.protocols.raft.protocol.CommandResponse;
import io.atomix.protocols.raft.protocol.ConfigureRequest;
import io.atomix.protocols.raft.protocol.ConfigureResponse;
import io.atomix.protocols.raft.protocol.InstallRequest;
import io.atomix.protocols.raft.protocol.InstallResponse;
import io.atomix.protocols.raft.protocol.JoinRequest;
import io.atomix.protocols.raft.protocol.JoinResponse;
import io.atomix.protocols.raft.protocol.KeepAliveRequest;
import io.atomix.protocols.raft.protocol.KeepAliveResponse;
import io.atomix.protocols.raft.protocol.LeaveRequest;
import io.atomix.protocols.raft.protocol.LeaveResponse;
import io.atomix.protocols.raft.protocol.OpenSessionRequest;
import io.atomix.protocols.raft.protocol.OpenSessionResponse;
import io.atomix.protocols.raft.protocol.PollRequest;
import io.atomix.protocols.raft.protocol.PollResponse;
import io.atomix.protocols.raft.protocol.RaftResponse;
import io.atomix.protocols.raft.protocol.ReconfigureRequest;
import io.atomix.protocols.raft.protocol.ReconfigureResponse;
import io.atomix.protocols.raft.protocol.TransferResponse;
import io.atomix.protocols.raft.protocol.VoteRequest;
import io.atomix.protocols.raft.protocol.VoteResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What happens around Atomix' handling of each request that Atomix leaves out. A follower's entries
 * are on disk before it acknowledges them; a configuration is on disk once it is known; a member
 * that joins under a known name is served from the beginning, as the leader would otherwise believe
 * that it still has the snapshot of its former life; and who may be elected or taken out is judged
 * by {@link Elections} and {@link Membership}.
 */
final class ServerRules {
  private final Elections elections;
  private final Membership membership;
  private final Departures departures;
  private final Contact contact;
  private final Promises promises;
  private final DiskSpace disk;
  private final ArrivingSnapshot arriving = new ArrivingSnapshot();
  private volatile @Nullable RaftContext raft;
  private volatile long ledFrom;
  private volatile boolean silent;

  /** The change of the members that this leader makes now. */
  private final AtomicReference<@Nullable Object> changing = new AtomicReference<>();

  ServerRules(
      Elections elections,
      Membership membership,
      Departures departures,
      Contact contact,
      Promises promises,
      DiskSpace disk) {
    this.elections = elections;
    this.membership = membership;
    this.departures = departures;
    this.contact = contact;
    this.promises = promises;
    this.disk = disk;
  }

  /** Once the server is made, and before it starts. */
  void bind(RaftContext context) {
    raft = context;
    context.addRoleChangeListener(
        role -> {
          elections.roleChanged();
          contact.reset();
          ledFrom = context.getLogWriter().getLastIndex();
          changing.set(null);
        });
  }

  /** From now on this member is to the others as if it were not there. */
  void fallSilent() {
    silent = true;
  }

  /** Asks on the Raft thread first, and Atomix where that has no answer. */
  private <R> CompletableFuture<R> unless(
      Function<RaftContext, @Nullable R> refusal, Supplier<CompletableFuture<R>> atomix) {
    RaftContext context = raft;
    if (context == null || silent || departures.isTakenOut()) {
      return CompletableFuture.failedFuture(new ConnectException("this manager takes no part"));
    }
    return CompletableFuture.supplyAsync(() -> refusal.apply(context), context.getThreadContext())
        .thenCompose(
            refused -> refused == null ? atomix.get() : CompletableFuture.completedFuture(refused));
  }

  private void heard(RaftContext context, long term) {
    if (term >= context.getTerm()) {
      elections.heard();
    }
  }

  CompletableFuture<AppendResponse> append(
      AppendRequest request, Function<AppendRequest, CompletableFuture<AppendResponse>> atomix) {
    if (!request.entries().isEmpty() && !disk.hasRoom()) {
      return CompletableFuture.failedFuture(new IOException(disk.words()));
    }
    return unless(
        context -> {
          heard(context, request.term());
          return goesOnFromHere(context, request);
        },
        () -> onDisk(request, atomix.apply(request)));
  }

  /**
   * A leader whose own log begins only after a snapshot sends its first entries as the beginning of
   * a log, and Atomix throws away what is here. That is not asked for where entries of these are
   * committed here: they are the leader's, too, and it goes on after them. Null where Atomix is to
   * answer.
   */
  private static @Nullable AppendResponse goesOnFromHere(
      RaftContext context, AppendRequest request) {
    long committed = context.getCommitIndex();
    if (request.prevLogTerm() != 0
        || request.entries().isEmpty()
        || request.term() != context.getTerm()
        || committed <= request.prevLogIndex()
        || committed > context.getLogWriter().getLastIndex()) {
      return null;
    }
    return AppendResponse.builder()
        .withStatus(RaftResponse.Status.OK)
        .withTerm(context.getTerm())
        .withSucceeded(false)
        .withLastLogIndex(committed)
        .build();
  }

  private CompletableFuture<AppendResponse> onDisk(
      AppendRequest request, CompletableFuture<AppendResponse> answer) {
    RaftContext context = raft;
    if (context == null || request.entries().isEmpty()) {
      return answer;
    }
    return answer.thenApplyAsync(
        response -> {
          if (response.succeeded()) {
            context.getLogWriter().flush();
            acknowledge(request);
          }
          return response;
        },
        context.getThreadContext());
  }

  private void acknowledge(AppendRequest request) {
    try {
      promises.acknowledge(
          request.prevLogIndex() + request.entries().size(), request.entries().getLast().term());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  CompletableFuture<InstallResponse> install(
      InstallRequest request, Function<InstallRequest, CompletableFuture<InstallResponse>> atomix) {
    return unless(
        context -> {
          heard(context, request.term());
          return arriving.isSound(request)
              ? null
              : InstallResponse.builder()
                  .withStatus(RaftResponse.Status.ERROR)
                  .withError(RaftError.Type.PROTOCOL_ERROR, "the snapshot is damaged")
                  .build();
        },
        () -> atomix.apply(request));
  }

  CompletableFuture<ConfigureResponse> configure(
      ConfigureRequest request,
      Function<ConfigureRequest, CompletableFuture<ConfigureResponse>> atomix) {
    return this.<ConfigureResponse>unless(
            context -> {
              heard(context, request.term());
              membership.giveWay(context, request);
              return null;
            },
            () -> atomix.apply(request))
        .thenCompose(
            response ->
                unless(
                    context -> {
                      membership.keep(context);
                      return response;
                    },
                    () -> CompletableFuture.completedFuture(response)));
  }

  CompletableFuture<JoinResponse> join(
      JoinRequest request, Function<JoinRequest, CompletableFuture<JoinResponse>> atomix) {
    return oneAtATime(
        JoinResponse::builder,
        context -> {
          var member = context.getCluster().getMemberState(request.member().memberId());
          if (member != null) {
            member.setSnapshotIndex(0);
            member.setNextSnapshotIndex(0);
            member.setNextSnapshotOffset(0);
          }
          return membership.refusal(context, request);
        },
        () -> atomix.apply(request));
  }

  CompletableFuture<LeaveResponse> leave(
      LeaveRequest request, Function<LeaveRequest, CompletableFuture<LeaveResponse>> atomix) {
    return oneAtATime(
        LeaveResponse::builder,
        context -> membership.refusal(context, request),
        () -> atomix.apply(request));
  }

  CompletableFuture<ReconfigureResponse> reconfigure(
      ReconfigureRequest request,
      Function<ReconfigureRequest, CompletableFuture<ReconfigureResponse>> atomix) {
    return oneAtATime(ReconfigureResponse::builder, _ -> null, () -> atomix.apply(request));
  }

  /**
   * Atomix refuses a change of the members during another, but only once that one is written: what
   * came before was made of the members from before, and the first one's were lost.
   */
  private <R extends RaftResponse> CompletableFuture<R> oneAtATime(
      Supplier<? extends RaftResponse.Builder<?, R>> busy,
      Function<RaftContext, @Nullable R> refusal,
      Supplier<CompletableFuture<R>> atomix) {
    Object own = new Object();
    return this.<R>unless(
            context -> {
              R refused = refusal.apply(context);
              if (refused != null || context.getRole() != RaftServer.Role.LEADER) {
                return refused;
              }
              if (changing.compareAndSet(null, own)) {
                return null;
              }
              RaftResponse.Builder<?, R> answer = busy.get();
              answer.withStatus(RaftResponse.Status.ERROR);
              return answer.build();
            },
            atomix)
        .whenComplete((_, _) -> changing.compareAndSet(own, null));
  }

  CompletableFuture<PollResponse> poll(
      PollRequest request, Function<PollRequest, CompletableFuture<PollResponse>> atomix) {
    return unless(context -> elections.refusal(context, request), () -> atomix.apply(request));
  }

  CompletableFuture<VoteResponse> vote(
      VoteRequest request,
      boolean handedOver,
      Function<VoteRequest, CompletableFuture<VoteResponse>> atomix) {
    return unless(
        context -> elections.refusal(context, request, handedOver),
        () -> atomix.apply(request).thenCompose(response -> promised(request, response)));
  }

  /** A vote that Atomix gives is one only if no other was promised in this term. */
  private CompletableFuture<VoteResponse> promised(VoteRequest request, VoteResponse response) {
    if (!response.voted()) {
      return CompletableFuture.completedFuture(response);
    }
    return unless(
        context ->
            mayVote(request.term(), request.candidate())
                ? response
                : VoteResponse.builder()
                    .withStatus(RaftResponse.Status.OK)
                    .withTerm(context.getTerm())
                    .withVoted(false)
                    .build(),
        () -> CompletableFuture.completedFuture(response));
  }

  private boolean mayVote(long term, MemberId candidate) {
    try {
      return promises.vote(term, candidate.id());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * A new leader takes commands once it has applied what it was elected with: before that it does
   * not know which commands of a session were there already, and would keep a new one waiting.
   */
  CompletableFuture<CommandResponse> command(
      CommandRequest request, Function<CommandRequest, CompletableFuture<CommandResponse>> atomix) {
    RaftContext context = raft;
    if (context != null && context.isLeader() && context.getLastApplied() < ledFrom) {
      return CompletableFuture.completedFuture(
          CommandResponse.builder()
              .withStatus(RaftResponse.Status.ERROR)
              .withError(RaftError.Type.NO_LEADER)
              .build());
    }
    return whereThereIsRoom(CommandResponse::builder, () -> atomix.apply(request));
  }

  /** What a session asks for that ends in the log, though it is no change. */
  CompletableFuture<OpenSessionResponse> openSession(
      OpenSessionRequest request,
      Function<OpenSessionRequest, CompletableFuture<OpenSessionResponse>> atomix) {
    return whereThereIsRoom(OpenSessionResponse::builder, () -> atomix.apply(request));
  }

  /** As {@link #openSession}. */
  CompletableFuture<KeepAliveResponse> keepAlive(
      KeepAliveRequest request,
      Function<KeepAliveRequest, CompletableFuture<KeepAliveResponse>> atomix) {
    return whereThereIsRoom(KeepAliveResponse::builder, () -> atomix.apply(request));
  }

  /** As {@link #openSession}. */
  CompletableFuture<CloseSessionResponse> closeSession(
      CloseSessionRequest request,
      Function<CloseSessionRequest, CompletableFuture<CloseSessionResponse>> atomix) {
    return whereThereIsRoom(CloseSessionResponse::builder, () -> atomix.apply(request));
  }

  /** Asked again until there is room: a session waits for a number that was refused for good. */
  private <R extends RaftResponse> CompletableFuture<R> whereThereIsRoom(
      Supplier<? extends RaftResponse.Builder<?, R>> builder,
      Supplier<CompletableFuture<R>> atomix) {
    RaftContext context = raft;
    if (context == null || !context.isLeader() || disk.hasRoom()) {
      return atomix.get();
    }
    RaftResponse.Builder<?, R> refusal = builder.get();
    refusal.withStatus(RaftResponse.Status.ERROR);
    refusal.withError(RaftError.Type.NO_LEADER, disk.words());
    return CompletableFuture.completedFuture(refusal.build());
  }

  /** Whether this member could lead. */
  boolean mayLead() {
    return !silent && disk.hasRoom() && !departures.isTakenOut();
  }

  /** Learns from the answer to a poll whether this member is one still. */
  CompletableFuture<PollResponse> polled(CompletableFuture<PollResponse> answer) {
    return timely(answer)
        .thenApply(
            response -> {
              if (response.status() == RaftResponse.Status.ERROR
                  && response.error() != null
                  && Departures.TAKEN_OUT.equals(response.error().message())) {
                departures.takenOut();
              }
              return response;
            });
  }

  /** Whether votes may be asked for this term; if not, this is no candidate any more. */
  boolean mayStand(VoteRequest request) {
    RaftContext context = raft;
    if (context == null) {
      return false;
    }
    if (elections.failedBefore(request.term()) || !mayVote(request.term(), request.candidate())) {
      context
          .getThreadContext()
          .execute(
              () -> {
                if (context.getRole() == RaftServer.Role.CANDIDATE) {
                  context.transition(RaftServer.Role.FOLLOWER);
                }
              });
      return false;
    }
    return true;
  }

  boolean takesOver() {
    return elections.takesOver();
  }

  CompletableFuture<TransferResponse> transferred(CompletableFuture<TransferResponse> answer) {
    return answer.thenApply(
        response -> {
          if (response.status() == RaftResponse.Status.OK) {
            elections.handedOver();
          }
          return response;
        });
  }

  /** A leader's request: who answers is there. */
  <R> CompletableFuture<R> answered(MemberId member, CompletableFuture<R> answer) {
    return timely(answer)
        .thenApply(
            response -> {
              contact.answered(member);
              return response;
            });
  }

  /** An answer after an election timeout comes too late, and keeps Atomix from asking again. */
  <R> CompletableFuture<R> timely(CompletableFuture<R> answer) {
    RaftContext context = raft;
    return context == null
        ? answer
        : answer.copy().orTimeout(context.getElectionTimeout().toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Before others are told the configuration, it is on disk here. On the Raft thread. */
  void configuring() {
    RaftContext context = raft;
    if (context != null) {
      membership.keep(context);
    }
  }
}
