package io.meshd.daemon.raft;

import io.atomix.cluster.MemberId;
import io.atomix.primitive.event.PrimitiveEvent;
import io.atomix.primitive.event.impl.DefaultEventType;
import io.atomix.primitive.operation.OperationType;
import io.atomix.primitive.operation.PrimitiveOperation;
import io.atomix.primitive.operation.impl.DefaultOperationId;
import io.atomix.primitive.service.ServiceConfig;
import io.atomix.primitive.session.SessionId;
import io.atomix.primitive.session.SessionMetadata;
import io.atomix.protocols.raft.RaftError;
import io.atomix.protocols.raft.ReadConsistency;
import io.atomix.protocols.raft.cluster.RaftMember;
import io.atomix.protocols.raft.cluster.impl.DefaultRaftMember;
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
import io.atomix.protocols.raft.protocol.RaftResponse;
import io.atomix.protocols.raft.protocol.ReconfigureRequest;
import io.atomix.protocols.raft.protocol.ReconfigureResponse;
import io.atomix.protocols.raft.protocol.ResetRequest;
import io.atomix.protocols.raft.protocol.TransferRequest;
import io.atomix.protocols.raft.protocol.TransferResponse;
import io.atomix.protocols.raft.protocol.VoteRequest;
import io.atomix.protocols.raft.protocol.VoteResponse;
import io.atomix.protocols.raft.storage.log.entry.CloseSessionEntry;
import io.atomix.protocols.raft.storage.log.entry.CommandEntry;
import io.atomix.protocols.raft.storage.log.entry.ConfigurationEntry;
import io.atomix.protocols.raft.storage.log.entry.InitializeEntry;
import io.atomix.protocols.raft.storage.log.entry.KeepAliveEntry;
import io.atomix.protocols.raft.storage.log.entry.MetadataEntry;
import io.atomix.protocols.raft.storage.log.entry.OpenSessionEntry;
import io.atomix.protocols.raft.storage.log.entry.QueryEntry;
import io.atomix.protocols.raft.storage.system.Configuration;
import io.atomix.utils.serializer.Namespace;
import io.meshd.daemon.disk.DataKeys;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.LinkedList;

/**
 * How Raft's own records look on disk and on the wire (Kryo class numbers).
 *
 * <p>Append-only: a class's number is its place in these lists, and numbers stand in logs and go
 * between managers of different versions. New classes go to the end.
 *
 * <p>Atomix's ready-made namespaces are never touched: initialising them needs {@code --add-opens},
 * and theirs lacks TransferRequest and TransferResponse.
 */
final class LogFormat {
  /** Numbers of sealed entries: far behind all others, which may grow in number. */
  private static final int SEALED = 200;

  private LogFormat() {}

  static final Namespace STORAGE = records().build("meshd-storage");

  /**
   * What a member writes into its own log: entries sealed with its data key. Those that an older
   * version wrote in clear are read.
   */
  static Namespace sealed(DataKeys keys) {
    SealedEntry sealed = new SealedEntry(keys, STORAGE);
    return records()
        .nextId(SEALED)
        .register(sealed, CloseSessionEntry.class)
        .register(sealed, CommandEntry.class)
        .register(sealed, ConfigurationEntry.class)
        .register(sealed, InitializeEntry.class)
        .register(sealed, KeepAliveEntry.class)
        .register(sealed, MetadataEntry.class)
        .register(sealed, OpenSessionEntry.class)
        .register(sealed, QueryEntry.class)
        .build("meshd-sealed");
  }

  static final Namespace SERVICE =
      Namespace.builder().register(ServiceConfig.class).build("meshd-service");

  static final Namespace PROTOCOL =
      records()
          .register(OpenSessionRequest.class)
          .register(OpenSessionResponse.class)
          .register(CloseSessionRequest.class)
          .register(CloseSessionResponse.class)
          .register(KeepAliveRequest.class)
          .register(KeepAliveResponse.class)
          .register(HeartbeatRequest.class)
          .register(HeartbeatResponse.class)
          .register(QueryRequest.class)
          .register(QueryResponse.class)
          .register(CommandRequest.class)
          .register(CommandResponse.class)
          .register(MetadataRequest.class)
          .register(MetadataResponse.class)
          .register(JoinRequest.class)
          .register(JoinResponse.class)
          .register(LeaveRequest.class)
          .register(LeaveResponse.class)
          .register(ConfigureRequest.class)
          .register(ConfigureResponse.class)
          .register(ReconfigureRequest.class)
          .register(ReconfigureResponse.class)
          .register(InstallRequest.class)
          .register(InstallResponse.class)
          .register(PollRequest.class)
          .register(PollResponse.class)
          .register(VoteRequest.class)
          .register(VoteResponse.class)
          .register(AppendRequest.class)
          .register(AppendResponse.class)
          .register(PublishRequest.class)
          .register(ResetRequest.class)
          .register(TransferRequest.class)
          .register(TransferResponse.class)
          .register(RaftResponse.Status.class)
          .register(RaftError.class)
          .register(RaftError.Type.class)
          .register(SessionMetadata.class)
          .register(PrimitiveEvent.class)
          .register(DefaultEventType.class)
          .register(SessionId.class)
          .build("meshd-protocol");

  private static Namespace.Builder records() {
    return Namespace.builder()
        .register(byte[].class)
        .register(long[].class)
        .register(String[].class)
        .register(ArrayList.class)
        .register(LinkedList.class)
        .register(HashSet.class)
        .register(LinkedHashSet.class)
        .register(HashMap.class)
        .register(Collections.emptyList().getClass())
        .register(Collections.emptySet().getClass())
        .register(CloseSessionEntry.class)
        .register(CommandEntry.class)
        .register(ConfigurationEntry.class)
        .register(InitializeEntry.class)
        .register(KeepAliveEntry.class)
        .register(MetadataEntry.class)
        .register(OpenSessionEntry.class)
        .register(QueryEntry.class)
        .register(PrimitiveOperation.class)
        .register(DefaultOperationId.class)
        .register(OperationType.class)
        .register(ReadConsistency.class)
        .register(DefaultRaftMember.class)
        .register(MemberId.class)
        .register(RaftMember.Type.class)
        .register(Instant.class)
        .register(Configuration.class)
        .register(ServiceConfig.class);
  }
}
