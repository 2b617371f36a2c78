package io.meshd.daemon.raft;

import io.atomix.cluster.MemberId;
import io.atomix.primitive.Recovery;
import io.atomix.primitive.operation.OperationId;
import io.atomix.primitive.operation.PrimitiveOperation;
import io.atomix.primitive.partition.PartitionId;
import io.atomix.primitive.service.ServiceConfig;
import io.atomix.primitive.session.SessionClient;
import io.atomix.protocols.raft.RaftClient;
import io.atomix.protocols.raft.RaftServer;
import io.atomix.protocols.raft.ReadConsistency;
import io.atomix.protocols.raft.impl.DefaultRaftServer;
import io.atomix.protocols.raft.impl.RaftContext;
import io.atomix.protocols.raft.session.CommunicationStrategy;
import io.atomix.protocols.raft.storage.RaftStorage;
import io.atomix.storage.StorageException;
import io.atomix.storage.StorageLevel;
import io.atomix.utils.concurrent.ThreadContextFactory;
import io.atomix.utils.concurrent.ThreadModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log on Atomix Raft 3.1.12, used as a library: one server with its log on disk, and one client
 * session through which this node proposes.
 *
 * <p>An entry's way: {@link #propose} -> session (numbers it, so that a retry is applied once) ->
 * leader appends it -> followers append it, fsync, acknowledge -> leader fsyncs and commits -> the
 * machine applies it on each manager -> {@link AcknowledgedMark} -> the answer.
 *
 * <p>Snapshots follow the log's size: once a full segment ({@link Settings#segmentBytes}) lies
 * behind what is applied, looked at every 10 s, a snapshot is taken and what it covers is deleted.
 *
 * <p>A member that is alone leads at once instead of waiting for a leader's heartbeat.
 */
public final class AtomixLog implements ReplicatedLog {
  private static final Logger LOG = LoggerFactory.getLogger(AtomixLog.class);
  private static final Duration START_LIMIT = Duration.ofSeconds(30);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(5);

  private final Settings settings;
  private final AcknowledgedMark mark;
  private final MachineService service;
  private final RaftContext raft;
  private final RaftServer server;
  private final RaftClient client;
  private final SessionClient session;
  private final Leadership leadership;

  /**
   * @param directory for the log alone; made when it is missing
   * @param segmentBytes size of one file of the log
   * @param maxEntryBytes longest entry; each open segment buffers twice that
   * @param electionTimeout silence of the leader after which a follower asks for votes
   * @param heartbeat of the leader
   * @param proposalLimit how long a proposal waits for its answer
   */
  public record Settings(
      Path directory,
      int segmentBytes,
      int maxEntryBytes,
      Duration electionTimeout,
      Duration heartbeat,
      Duration proposalLimit) {
    /** Segments of 1 MiB, entries to 256 KiB, 1 s election, 250 ms heartbeat, 10 s per proposal. */
    public static Settings of(Path directory) {
      return new Settings(
          directory,
          1 << 20,
          1 << 18,
          Duration.ofMillis(1000),
          Duration.ofMillis(250),
          Duration.ofSeconds(10));
    }
  }

  /**
   * Starts the only manager of a cluster, new or with the log it had; returns when everything that
   * was acknowledged is applied to the machine and this node leads.
   *
   * @throws IOException in words when the log is damaged, in use, or cannot be read
   */
  public static AtomixLog open(Settings settings, Transport transport, Machine machine)
      throws IOException {
    Path directory = settings.directory();
    Files.createDirectories(
        directory,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    AcknowledgedMark mark = AcknowledgedMark.open(directory.resolve("acknowledged"));
    try {
      LogCheck.removeUnbegunSegments(directory);
      AtomixLog log = new AtomixLog(settings, transport, machine, mark);
      try {
        log.start();
        return log;
      } catch (IOException | RuntimeException e) {
        log.close();
        throw e;
      }
    } catch (StorageException e) {
      mark.close();
      throw new IOException("the Raft log in " + directory + " cannot be read: " + e.getMessage());
    } catch (IOException | RuntimeException e) {
      mark.close();
      throw e;
    }
  }

  private AtomixLog(Settings settings, Transport transport, Machine machine, AcknowledgedMark mark)
      throws IOException {
    this.settings = settings;
    this.mark = mark;
    this.service = new MachineService(machine, mark);
    MachineType type = new MachineType(service);
    MemberId self = MemberId.from(transport.self());
    ServerProtocol protocol = new ServerProtocol(transport);
    // One thread each: commands run in order anyway, and few threads are part of the budget.
    ThreadContextFactory serverThreads =
        ThreadModel.SHARED_THREAD_POOL.factory("raft-server-%d", 1, LOG);
    this.raft =
        new RaftContext(
            "meshd",
            self,
            new LocalMembership(transport.self()),
            protocol,
            storage(settings),
            type,
            serverThreads,
            true);
    protocol.bind(raft);
    raft.setElectionTimeout(settings.electionTimeout());
    raft.setHeartbeatInterval(settings.heartbeat());
    DurableCommit.enable(raft.getLog());
    this.server = new DefaultRaftServer(raft);
    this.client =
        RaftClient.builder(List.of(self))
            .withClientId("meshd-" + transport.self())
            .withPartitionId(PartitionId.from("meshd", 1))
            .withMemberId(self)
            .withProtocol(new ClientProtocol(transport))
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
    this.leadership = new Leadership(server, this::catchUp);
  }

  private static RaftStorage storage(Settings settings) {
    return RaftStorage.builder()
        .withPrefix("meshd")
        .withDirectory(settings.directory().toFile())
        .withStorageLevel(StorageLevel.DISK)
        .withNamespace(LogFormat.STORAGE)
        .withMaxSegmentSize(settings.segmentBytes())
        .withMaxEntrySize(settings.maxEntryBytes())
        // Off: a snapshot is taken whenever a segment can go, whatever the load.
        .withDynamicCompaction(false)
        .withFreeDiskBuffer(.01)
        .withFlushOnCommit(true)
        .build();
  }

  private void start() throws IOException {
    LogCheck.requireComplete(raft, mark.index(), settings.directory());
    boolean snapshot = raft.getSnapshotStore().getCurrentSnapshot() != null;
    CompletableFuture<RaftServer> started =
        server.bootstrap(List.of(raft.getCluster().getMember().memberId()));
    if (raft.getCluster().getActiveMemberStates().isEmpty()) {
      var _ = server.promote();
    }
    await(started, "the Raft server did not start");
    if (service.failure() != null) {
      throw new IOException(
          "the Raft snapshot in " + settings.directory() + " cannot be used: " + service.failure());
    }
    if (snapshot && service.restored() == 0) {
      throw new IOException(
          "the Raft snapshot in " + settings.directory() + " cannot be used: it is cut short");
    }
    await(client.connect(), "the Raft client did not start");
    await(session.connect(), "no Raft session was opened");
    await(leadership.start(), "the Raft log was not caught up");
  }

  private static void await(CompletableFuture<?> future, String failed) throws IOException {
    try {
      future.get(START_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException(failed, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(failed, e);
    }
  }

  @Override
  public CompletableFuture<byte[]> propose(byte[] entry) {
    // What is around an entry in the log takes some room as well.
    if (entry.length > settings.maxEntryBytes() - 1024) {
      return CompletableFuture.failedFuture(
          new IllegalArgumentException(
              "a change of " + entry.length + " bytes is too large for the log"));
    }
    return execute(MachineService.APPLY, entry).thenApply(MachineService::answerOf);
  }

  @Override
  public CompletableFuture<Void> catchUp() {
    return execute(MachineService.REACHED, new byte[0])
        .thenCompose(index -> service.whenReached(ByteBuffer.wrap(index).getLong()))
        .orTimeout(settings.proposalLimit().toMillis(), TimeUnit.MILLISECONDS)
        .exceptionallyCompose(AtomixLog::inWords);
  }

  private CompletableFuture<byte[]> execute(OperationId operation, byte[] value) {
    return session
        .execute(PrimitiveOperation.operation(operation, value))
        .copy()
        .orTimeout(settings.proposalLimit().toMillis(), TimeUnit.MILLISECONDS)
        .exceptionallyCompose(AtomixLog::inWords);
  }

  private static <T> CompletableFuture<T> inWords(Throwable error) {
    Throwable cause =
        error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    if (cause instanceof NoLeaderException) {
      return CompletableFuture.failedFuture(cause);
    }
    return CompletableFuture.failedFuture(
        new NoLeaderException("no answer from a leader: " + cause));
  }

  @Override
  public boolean isLeader() {
    return leadership.leads();
  }

  @Override
  public void onRole(RoleListener listener) {
    leadership.add(listener);
  }

  /**
   * The index of the last entry that is applied here; grows, with gaps (Raft's own entries count).
   */
  public long appliedIndex() {
    return service.reached();
  }

  @Override
  public void close() {
    leadership.close();
    quietly(session.close());
    quietly(client.close());
    quietly(((DefaultRaftServer) server).shutdown());
    raft.close();
    try {
      mark.close();
    } catch (IOException e) {
      LOG.warn("The mark of acknowledged entries was not closed: {}", e.getMessage());
    }
  }

  private static void quietly(CompletableFuture<?> future) {
    try {
      future.get(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.debug("while stopping", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
