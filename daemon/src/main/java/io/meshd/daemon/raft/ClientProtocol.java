package io.meshd.daemon.raft;

import io.atomix.cluster.MemberId;
import io.atomix.primitive.session.SessionId;
import io.atomix.protocols.raft.RaftError;
import io.atomix.protocols.raft.protocol.CloseSessionRequest;
import io.atomix.protocols.raft.protocol.CloseSessionResponse;
import io.atomix.protocols.raft.protocol.CommandRequest;
import io.atomix.protocols.raft.protocol.CommandResponse;
import io.atomix.protocols.raft.protocol.HeartbeatRequest;
import io.atomix.protocols.raft.protocol.HeartbeatResponse;
import io.atomix.protocols.raft.protocol.KeepAliveRequest;
import io.atomix.protocols.raft.protocol.KeepAliveResponse;
import io.atomix.protocols.raft.protocol.MetadataRequest;
import io.atomix.protocols.raft.protocol.MetadataResponse;
import io.atomix.protocols.raft.protocol.OpenSessionRequest;
import io.atomix.protocols.raft.protocol.OpenSessionResponse;
import io.atomix.protocols.raft.protocol.PublishRequest;
import io.atomix.protocols.raft.protocol.QueryRequest;
import io.atomix.protocols.raft.protocol.QueryResponse;
import io.atomix.protocols.raft.protocol.RaftClientProtocol;
import io.atomix.protocols.raft.protocol.RaftResponse;
import io.atomix.protocols.raft.protocol.ResetRequest;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What a Raft client says to servers, over a {@link Transport}. Atomix looks for the leader among
 * members that it was given at the start, and waits seconds between its attempts; here a request
 * goes to the leader that this node's own server knows, again every 25 ms until one has answered. A
 * session numbers its requests, so that one that arrives twice is applied once.
 */
final class ClientProtocol implements RaftClientProtocol {
  private static final long FOREVER = Duration.ofDays(365).toNanos();

  private final Messages messages;
  private final Leaders leaders;

  ClientProtocol(Messages messages, Leaders leaders) {
    this.messages = messages;
    this.leaders = leaders;
  }

  @Override
  public CompletableFuture<OpenSessionResponse> openSession(
      MemberId member, OpenSessionRequest request) {
    return toLeader("openSession", request);
  }

  @Override
  public CompletableFuture<CloseSessionResponse> closeSession(
      MemberId member, CloseSessionRequest request) {
    return toLeader("closeSession", request);
  }

  @Override
  public CompletableFuture<KeepAliveResponse> keepAlive(MemberId member, KeepAliveRequest request) {
    return toLeader("keepAlive", request);
  }

  @Override
  public CompletableFuture<QueryResponse> query(MemberId member, QueryRequest request) {
    return toLeader("query", request);
  }

  @Override
  public CompletableFuture<CommandResponse> command(MemberId member, CommandRequest request) {
    return toLeader("command", request);
  }

  @Override
  public CompletableFuture<MetadataResponse> metadata(MemberId member, MetadataRequest request) {
    return toLeader("metadata", request);
  }

  @Override
  public void reset(Set<MemberId> members, ResetRequest request) {
    members.forEach(member -> messages.send(member, "reset-" + request.session(), request));
  }

  @Override
  public void registerHeartbeatHandler(
      Function<HeartbeatRequest, CompletableFuture<HeartbeatResponse>> handler) {
    messages.serve("heartbeat", handler);
  }

  @Override
  public void unregisterHeartbeatHandler() {
    messages.remove("heartbeat");
  }

  @Override
  public void registerPublishListener(
      SessionId session, Consumer<PublishRequest> listener, Executor executor) {
    messages.listen("publish-" + session.id(), listener, executor);
  }

  @Override
  public void unregisterPublishListener(SessionId session) {
    messages.remove("publish-" + session.id());
  }

  private <T, R extends RaftResponse> CompletableFuture<R> toLeader(String subject, T request) {
    return leaders.<R>ask(
        leader -> messages.request(leader, subject, request),
        response -> {
          boolean again = asksAgain(response);
          if (again && response.error().message() != null) {
            leaders.trouble(response.error().message());
          }
          return !again;
        },
        System.nanoTime() + FOREVER);
  }

  private static boolean asksAgain(RaftResponse response) {
    if (response.status() == RaftResponse.Status.OK || response.error() == null) {
      return false;
    }
    RaftError.Type type = response.error().type();
    return type == RaftError.Type.NO_LEADER
        || type == RaftError.Type.ILLEGAL_MEMBER_STATE
        || type == RaftError.Type.UNAVAILABLE;
  }
}
