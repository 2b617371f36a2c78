package io.meshd.daemon.raft;

import io.atomix.cluster.MemberId;
import io.atomix.primitive.Recovery;
import io.atomix.primitive.operation.PrimitiveOperation;
import io.atomix.primitive.partition.PartitionId;
import io.atomix.primitive.service.ServiceConfig;
import io.atomix.primitive.session.SessionClient;
import io.atomix.protocols.raft.RaftClient;
import io.atomix.protocols.raft.ReadConsistency;
import io.atomix.protocols.raft.session.CommunicationStrategy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** This member's session with the leader, which numbers what is proposed: applied once. */
final class Proposals {
  private final RaftClient client;
  private final SessionClient session;
  private final Leaders leaders;
  private final Duration limit;
  private final CompletableFuture<@Nullable Void> open = new CompletableFuture<>();

  Proposals(MemberId self, MachineType type, Messages messages, Leaders leaders, Duration limit) {
    this.leaders = leaders;
    this.limit = limit;
    this.client =
        RaftClient.builder(List.of(self))
            .withClientId("meshd-" + self.id())
            .withPartitionId(PartitionId.from("meshd", 1))
            .withMemberId(self)
            .withProtocol(new ClientProtocol(messages, leaders))
            .withThreadPoolSize(1)
            .build();
    // No retries above the session: they would not know that an entry was applied already.
    this.session =
        client
            .sessionBuilder(MachineType.NAME, type, new ServiceConfig())
            .withReadConsistency(ReadConsistency.LINEARIZABLE)
            .withCommunicationStrategy(CommunicationStrategy.LEADER)
            .withRecoveryStrategy(Recovery.RECOVER)
            .withMinTimeout(Duration.ofMillis(500))
            .withMaxTimeout(Duration.ofSeconds(15))
            .withMaxRetries(0)
            .build();
  }

  /** Completes when a leader has opened the session. */
  CompletableFuture<SessionClient> connect() {
    return client
        .connect()
        .thenCompose(_ -> session.connect())
        .whenComplete(
            (_, error) -> {
              if (error == null) {
                open.complete(null);
              } else {
                open.completeExceptionally(error);
              }
            });
  }

  /**
   * Without a leader nothing is handed to the session: it would keep it and apply it much later.
   */
  CompletableFuture<byte[]> propose(byte[] entry) {
    return leaders
        .await(limit)
        .thenCompose(_ -> open)
        .thenCompose(
            _ -> session.execute(PrimitiveOperation.operation(MachineService.APPLY, entry)).copy());
  }

  CompletableFuture<Void> closeSession() {
    return session.close();
  }

  CompletableFuture<Void> closeClient() {
    return client.close();
  }
}
