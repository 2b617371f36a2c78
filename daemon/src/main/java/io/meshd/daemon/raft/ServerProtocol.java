package io.meshd.daemon.raft;

import io.atomix.cluster.MemberId;
import io.atomix.primitive.session.SessionId;
import io.atomix.protocols.raft.protocol.AppendRequest;
import io.atomix.protocols.raft.protocol.AppendResponse;
import io.atomix.protocols.raft.protocol.CloseSessionRequest;
import io.atomix.protocols.raft.protocol.CloseSessionResponse;
import io.atomix.protocols.raft.protocol.CommandRequest;
import io.atomix.protocols.raft.protocol.CommandResponse;
import io.atomix.protocols.raft.protocol.ConfigureRequest;
import io.atomix.protocols.raft.protocol.ConfigureResponse;
import io.atomix.protocols.raft.protocol.HeartbeatRequest;
import io.atomix.protocols.raft.protocol.HeartbeatResponse;
import io.atomix.protocols.raft.protocol.InstallRequest;
import io.atomix.protocols.raft.protocol.InstallResponse;
import io.atomix.protocols.raft.protocol.JoinRequest;
import io.atomix.protocols.raft.protocol.JoinResponse;
import io.atomix.protocols.raft.protocol.KeepAliveRequest;
import io.atomix.protocols.raft.protocol.KeepAliveResponse;
import io.atomix.protocols.raft.protocol.LeaveRequest;
import io.atomix.protocols.raft.protocol.LeaveResponse;
import io.atomix.protocols.raft.protocol.MetadataRequest;
import io.atomix.protocols.raft.protocol.MetadataResponse;
import io.atomix.protocols.raft.protocol.OpenSessionRequest;
import io.atomix.protocols.raft.protocol.OpenSessionResponse;
import io.atomix.protocols.raft.protocol.PollRequest;
import io.atomix.protocols.raft.protocol.PollResponse;
import io.atomix.protocols.raft.protocol.PublishRequest;
import io.atomix.protocols.raft.protocol.QueryRequest;
import io.atomix.protocols.raft.protocol.QueryResponse;
import io.atomix.protocols.raft.protocol.RaftServerProtocol;
import io.atomix.protocols.raft.protocol.ReconfigureRequest;
import io.atomix.protocols.raft.protocol.ReconfigureResponse;
import io.atomix.protocols.raft.protocol.ResetRequest;
import io.atomix.protocols.raft.protocol.TransferRequest;
import io.atomix.protocols.raft.protocol.TransferResponse;
import io.atomix.protocols.raft.protocol.VoteRequest;
import io.atomix.protocols.raft.protocol.VoteResponse;
import java.net.ConnectException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What a Raft server says to others, over a {@link Transport}: the subject is the request's name.
 *
 * <p>{@link ServerRules} stand between these requests and Atomix. What comes before they are bound
 * is not answered.
 */
final class ServerProtocol implements RaftServerProtocol {
  /** The subject of a vote for whom the leader wants to have after it. */
  private static final String HANDED_OVER = "voteHandedOver";

  private final Messages messages;
  private final ServerRules rules;

  ServerProtocol(Messages messages, ServerRules rules) {
    this.messages = messages;
    this.rules = rules;
  }

  @Override
  public CompletableFuture<OpenSessionResponse> openSession(
      MemberId member, OpenSessionRequest request) {
    return messages.request(member, "openSession", request);
  }

  @Override
  public CompletableFuture<CloseSessionResponse> closeSession(
      MemberId member, CloseSessionRequest request) {
    return messages.request(member, "closeSession", request);
  }

  @Override
  public CompletableFuture<KeepAliveResponse> keepAlive(MemberId member, KeepAliveRequest request) {
    return messages.request(member, "keepAlive", request);
  }

  @Override
  public CompletableFuture<QueryResponse> query(MemberId member, QueryRequest request) {
    return messages.request(member, "query", request);
  }

  @Override
  public CompletableFuture<CommandResponse> command(MemberId member, CommandRequest request) {
    return messages.request(member, "command", request);
  }

  @Override
  public CompletableFuture<MetadataResponse> metadata(MemberId member, MetadataRequest request) {
    return messages.request(member, "metadata", request);
  }

  @Override
  public CompletableFuture<JoinResponse> join(MemberId member, JoinRequest request) {
    return messages.request(member, "join", request);
  }

  @Override
  public CompletableFuture<LeaveResponse> leave(MemberId member, LeaveRequest request) {
    return messages.request(member, "leave", request);
  }

  @Override
  public CompletableFuture<ConfigureResponse> configure(MemberId member, ConfigureRequest request) {
    rules.configuring();
    return rules.answered(member, messages.request(member, "configure", request));
  }

  @Override
  public CompletableFuture<ReconfigureResponse> reconfigure(
      MemberId member, ReconfigureRequest request) {
    return messages.request(member, "reconfigure", request);
  }

  @Override
  public CompletableFuture<InstallResponse> install(MemberId member, InstallRequest request) {
    return rules.answered(member, messages.request(member, "install", request));
  }

  @Override
  public CompletableFuture<TransferResponse> transfer(MemberId member, TransferRequest request) {
    return rules.transferred(messages.request(member, "transfer", request));
  }

  @Override
  public CompletableFuture<PollResponse> poll(MemberId member, PollRequest request) {
    return rules.mayLead()
        ? rules.polled(messages.request(member, "poll", request))
        : CompletableFuture.failedFuture(new ConnectException("this manager cannot lead now"));
  }

  @Override
  public CompletableFuture<VoteResponse> vote(MemberId member, VoteRequest request) {
    return rules.mayStand(request)
        ? rules.timely(messages.request(member, rules.takesOver() ? HANDED_OVER : "vote", request))
        : CompletableFuture.failedFuture(new ConnectException("not elected in this term"));
  }

  @Override
  public CompletableFuture<AppendResponse> append(MemberId member, AppendRequest request) {
    return rules.answered(member, messages.request(member, "append", request));
  }

  @Override
  public CompletableFuture<HeartbeatResponse> heartbeat(MemberId member, HeartbeatRequest request) {
    return messages.request(member, "heartbeat", request);
  }

  @Override
  public void publish(MemberId member, PublishRequest request) {
    messages.send(member, "publish-" + request.session(), request);
  }

  @Override
  public void registerOpenSessionHandler(
      Function<OpenSessionRequest, CompletableFuture<OpenSessionResponse>> handler) {
    messages.serve(
        "openSession", (OpenSessionRequest request) -> rules.openSession(request, handler));
  }

  @Override
  public void unregisterOpenSessionHandler() {
    messages.remove("openSession");
  }

  @Override
  public void registerCloseSessionHandler(
      Function<CloseSessionRequest, CompletableFuture<CloseSessionResponse>> handler) {
    messages.serve(
        "closeSession", (CloseSessionRequest request) -> rules.closeSession(request, handler));
  }

  @Override
  public void unregisterCloseSessionHandler() {
    messages.remove("closeSession");
  }

  @Override
  public void registerKeepAliveHandler(
      Function<KeepAliveRequest, CompletableFuture<KeepAliveResponse>> handler) {
    messages.serve("keepAlive", (KeepAliveRequest request) -> rules.keepAlive(request, handler));
  }

  @Override
  public void unregisterKeepAliveHandler() {
    messages.remove("keepAlive");
  }

  @Override
  public void registerQueryHandler(
      Function<QueryRequest, CompletableFuture<QueryResponse>> handler) {
    messages.serve("query", handler);
  }

  @Override
  public void unregisterQueryHandler() {
    messages.remove("query");
  }

  @Override
  public void registerCommandHandler(
      Function<CommandRequest, CompletableFuture<CommandResponse>> handler) {
    messages.serve("command", (CommandRequest request) -> rules.command(request, handler));
  }

  @Override
  public void unregisterCommandHandler() {
    messages.remove("command");
  }

  @Override
  public void registerMetadataHandler(
      Function<MetadataRequest, CompletableFuture<MetadataResponse>> handler) {
    messages.serve("metadata", handler);
  }

  @Override
  public void unregisterMetadataHandler() {
    messages.remove("metadata");
  }

  @Override
  public void registerJoinHandler(Function<JoinRequest, CompletableFuture<JoinResponse>> handler) {
    messages.serve("join", (JoinRequest request) -> rules.join(request, handler));
  }

  @Override
  public void unregisterJoinHandler() {
    messages.remove("join");
  }

  @Override
  public void registerLeaveHandler(
      Function<LeaveRequest, CompletableFuture<LeaveResponse>> handler) {
    messages.serve("leave", (LeaveRequest request) -> rules.leave(request, handler));
  }

  @Override
  public void unregisterLeaveHandler() {
    messages.remove("leave");
  }

  @Override
  public void registerConfigureHandler(
      Function<ConfigureRequest, CompletableFuture<ConfigureResponse>> handler) {
    messages.serve("configure", (ConfigureRequest request) -> rules.configure(request, handler));
  }

  @Override
  public void unregisterConfigureHandler() {
    messages.remove("configure");
  }

  @Override
  public void registerReconfigureHandler(
      Function<ReconfigureRequest, CompletableFuture<ReconfigureResponse>> handler) {
    messages.serve(
        "reconfigure", (ReconfigureRequest request) -> rules.reconfigure(request, handler));
  }

  @Override
  public void unregisterReconfigureHandler() {
    messages.remove("reconfigure");
  }

  @Override
  public void registerInstallHandler(
      Function<InstallRequest, CompletableFuture<InstallResponse>> handler) {
    messages.serve("install", (InstallRequest request) -> rules.install(request, handler));
  }

  @Override
  public void unregisterInstallHandler() {
    messages.remove("install");
  }

  @Override
  public void registerTransferHandler(
      Function<TransferRequest, CompletableFuture<TransferResponse>> handler) {
    messages.serve("transfer", handler);
  }

  @Override
  public void unregisterTransferHandler() {
    messages.remove("transfer");
  }

  @Override
  public void registerPollHandler(Function<PollRequest, CompletableFuture<PollResponse>> handler) {
    messages.serve("poll", (PollRequest request) -> rules.poll(request, handler));
  }

  @Override
  public void unregisterPollHandler() {
    messages.remove("poll");
  }

  @Override
  public void registerVoteHandler(Function<VoteRequest, CompletableFuture<VoteResponse>> handler) {
    messages.serve("vote", (VoteRequest request) -> rules.vote(request, false, handler));
    messages.serve(HANDED_OVER, (VoteRequest request) -> rules.vote(request, true, handler));
  }

  @Override
  public void unregisterVoteHandler() {
    messages.remove("vote");
    messages.remove(HANDED_OVER);
  }

  @Override
  public void registerAppendHandler(
      Function<AppendRequest, CompletableFuture<AppendResponse>> handler) {
    messages.serve("append", (AppendRequest request) -> rules.append(request, handler));
  }

  @Override
  public void unregisterAppendHandler() {
    messages.remove("append");
  }

  @Override
  public void registerResetListener(
      SessionId session, Consumer<ResetRequest> listener, Executor executor) {
    messages.listen("reset-" + session.id(), listener, executor);
  }

  @Override
  public void unregisterResetListener(SessionId session) {
    messages.remove("reset-" + session.id());
  }
}
