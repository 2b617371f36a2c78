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
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What a Raft client says to servers, over a {@link Transport}. An answer that makes the client ask
 * again (no leader yet, not ready) is held back a little, because it asks again at once.
 */
final class ClientProtocol implements RaftClientProtocol {
  private static final long RETRY_DELAY_MILLIS = 50;

  private final Messages messages;

  ClientProtocol(Transport transport) {
    this.messages = new Messages(transport);
  }

  @Override
  public CompletableFuture<OpenSessionResponse> openSession(
      MemberId member, OpenSessionRequest request) {
    return unhurried(
        messages.<OpenSessionRequest, OpenSessionResponse>request(member, "openSession", request));
  }

  @Override
  public CompletableFuture<CloseSessionResponse> closeSession(
      MemberId member, CloseSessionRequest request) {
    return unhurried(
        messages.<CloseSessionRequest, CloseSessionResponse>request(
            member, "closeSession", request));
  }

  @Override
  public CompletableFuture<KeepAliveResponse> keepAlive(MemberId member, KeepAliveRequest request) {
    return unhurried(
        messages.<KeepAliveRequest, KeepAliveResponse>request(member, "keepAlive", request));
  }

  @Override
  public CompletableFuture<QueryResponse> query(MemberId member, QueryRequest request) {
    return unhurried(messages.<QueryRequest, QueryResponse>request(member, "query", request));
  }

  @Override
  public CompletableFuture<CommandResponse> command(MemberId member, CommandRequest request) {
    return unhurried(messages.<CommandRequest, CommandResponse>request(member, "command", request));
  }

  @Override
  public CompletableFuture<MetadataResponse> metadata(MemberId member, MetadataRequest request) {
    return unhurried(
        messages.<MetadataRequest, MetadataResponse>request(member, "metadata", request));
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

  private static <R extends RaftResponse> CompletableFuture<R> unhurried(
      CompletableFuture<R> answer) {
    return answer.thenCompose(
        response ->
            asksAgain(response)
                ? CompletableFuture.supplyAsync(
                    () -> response,
                    CompletableFuture.delayedExecutor(RETRY_DELAY_MILLIS, TimeUnit.MILLISECONDS))
                : CompletableFuture.completedFuture(response));
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
