package io.meshd.daemon.raft;

import com.esotericsoftware.kryo.KryoException;
import io.atomix.cluster.MemberId;
import io.atomix.protocols.raft.RaftServer;
import io.atomix.protocols.raft.cluster.RaftMember;
import io.atomix.protocols.raft.impl.RaftContext;
import io.atomix.protocols.raft.storage.RaftStorage;
import io.atomix.storage.StorageException;
import io.atomix.storage.StorageLevel;
import io.atomix.utils.concurrent.ThreadContextFactory;
import io.atomix.utils.concurrent.ThreadModel;
import io.meshd.daemon.disk.DataKeys;
import io.meshd.daemon.disk.DurableFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
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
 *
 * <p>Longer than other files: opening and closing Atomix' parts in their order is one thing.
 */
public final class AtomixLog implements ReplicatedLog {
  private static final Logger LOG = LoggerFactory.getLogger(AtomixLog.class);
  private static final int SEGMENTS_OF_ROOM = 8;
  private static final Duration START_LIMIT = Duration.ofSeconds(30);
  private static final Duration JOIN_LIMIT = Duration.ofSeconds(60);

  /** A session that is not closed ends by itself a little later. */
  private static final Duration SESSION_LIMIT = Duration.ofMillis(500);

  private static final Duration STOP_LIMIT = Duration.ofSeconds(5);
  private static final Executor SOON = CompletableFuture.delayedExecutor(2, TimeUnit.MILLISECONDS);

  private final Settings settings;
  private final String member;
  private final AcknowledgedMark mark;
  private final MachineService service;
  private final RaftContext raft;
  private final Promises promises;
  private final Proposals proposals;
  private final Leaders leaders;
  private final Messages messages;
  private final Departures departures;
  private final Membership membership;
  private final Changes changes;
  private final Watch watch;
  private final Leadership leadership;
  private final ServerRules rules;
  private final CompletableFuture<String> broken = new CompletableFuture<>();
  private final CompletableFuture<String> halted = new CompletableFuture<>();
  private volatile boolean closed;
  private final ExecutorService listeners =
      Executors.newSingleThreadExecutor(Thread.ofVirtual().name("raft-members").factory());

  /**
   * @param directory for the log alone; made when it is missing
   * @param keys that seal what is in it
   * @param segmentBytes size of one file of the log
   * @param maxEntryBytes longest entry; each open segment buffers twice that
   * @param electionTimeout silence of the leader after which a follower asks for votes
   * @param heartbeat of the leader
   * @param proposalLimit how long a proposal waits for its answer
   */
  public record Settings(
      Path directory,
      DataKeys keys,
      int segmentBytes,
      int maxEntryBytes,
      Duration electionTimeout,
      Duration heartbeat,
      Duration proposalLimit) {
    /** Segments of 1 MiB, entries to 256 KiB, 800 ms election, 200 ms heartbeat, 10 s each. */
    public static Settings of(Path directory, DataKeys keys) {
      return new Settings(
          directory,
          keys,
          1 << 20,
          1 << 18,
          Duration.ofMillis(800),
          Duration.ofMillis(200),
          Duration.ofSeconds(10));
    }
  }

  /** How a member begins. */
  public sealed interface Start {
    /** A new log, which this member has alone. */
    record First() implements Start {}

    /** The log and the membership that are on disk. */
    record Again() implements Start {}

    /**
     * Into the log of others.
     *
     * @param members names of members that exist; not all need be there
     */
    record Join(List<String> members) implements Start {
      public Join {
        members = List.copyOf(members);
      }
    }
  }

  /** Whether there is a log to begin with again. */
  public static boolean holds(Path directory) {
    return MemberFile.holdsLog(directory);
  }

  /** Begins with what is on disk, or with a new log of its own where there is nothing. */
  public static AtomixLog open(Settings settings, Transport transport, Machine machine)
      throws IOException {
    boolean again = MemberFile.holdsLog(settings.directory());
    return open(settings, transport, machine, again ? new Start.Again() : new Start.First());
  }

  /**
   * Starts a manager. An only member returns when everything that was acknowledged is applied to
   * the machine and it leads; one that joins when it has its vote and has applied what was
   * acknowledged before; one of several that begins again at once, whether the others are there or
   * not.
   *
   * @throws IOException in words when the log is damaged, in use, or cannot be read, or the member
   *     cannot join; then it is no member, and the folder is empty again
   */
  public static AtomixLog open(Settings settings, Transport transport, Machine machine, Start start)
      throws IOException {
    Path directory = settings.directory();
    DurableFiles.createFolder(directory);
    if (start instanceof Start.Again && !MemberFile.holdsLog(directory)) {
      throw new IOException("there is no Raft log in " + directory);
    }
    if (start instanceof Start.Join && MemberFile.holdsLog(directory)) {
      throw new IOException("there is a Raft log in " + directory + " already");
    }
    Rejoin begun = Rejoin.read(directory);
    if (begun != null) {
      return open(settings, transport, machine, start, begun.again(directory));
    }
    try {
      return open(settings, transport, machine, start, null);
    } catch (DamagedLogException e) {
      Rejoin rejoin = Rejoin.of(directory, storage(settings));
      if (!(start instanceof Start.Again) || rejoin == null) {
        throw e;
      }
      LOG.error(
          "{}. It is set aside, and this manager comes back with the log of the others {}",
          e.getMessage(),
          rejoin.others());
      rejoin.begin(directory);
      return open(settings, transport, machine, start, rejoin);
    }
  }

  private static AtomixLog open(
      Settings settings, Transport transport, Machine machine, Start start, @Nullable Rejoin rejoin)
      throws IOException {
    Path directory = settings.directory();
    AcknowledgedMark mark = AcknowledgedMark.open(directory.resolve("acknowledged"));
    try {
      LogCheck.removeUnbegunSegments(directory);
      String member = MemberFile.readOrMake(directory, transport.self());
      AtomixLog log = new AtomixLog(settings, transport, machine, mark, member);
      try {
        log.start(start, rejoin);
        return log;
      } catch (IOException | RuntimeException e) {
        log.close();
        if (start instanceof Start.Join) {
          MemberFile.clear(directory);
        }
        throw e;
      }
    } catch (DataKeys.UnknownKeyException e) {
      mark.close();
      throw new IOException("the Raft log in " + directory + " cannot be read: " + e.getMessage());
    } catch (StorageException | KryoException e) {
      mark.close();
      throw new DamagedLogException(
          "the Raft log in " + directory + " cannot be read: " + e.getMessage());
    } catch (IOException | RuntimeException e) {
      mark.close();
      throw e;
    }
  }

  /** The name of the member whose log is in a folder; null where there is none. */
  public static @Nullable String memberOf(Path directory) throws IOException {
    return MemberFile.read(directory);
  }

  /**
   * After the majority was lost for good: makes this member, which does not run, the only one of
   * its log, under a new name. Nothing that it has is lost. Then {@link Start.Again}.
   *
   * @return the new name
   * @throws IOException in words when there is no log, or it is in use
   */
  public static String forceAlone(Path directory, DataKeys keys) throws IOException {
    try (AcknowledgedMark _ = AcknowledgedMark.open(directory.resolve("acknowledged"))) {
      return ForcedAlone.of(directory, storage(Settings.of(directory, keys)));
    } catch (StorageException | DataKeys.UnknownKeyException e) {
      throw new IOException("the Raft log in " + directory + " cannot be read: " + e.getMessage());
    }
  }

  private AtomixLog(
      Settings settings, Transport transport, Machine machine, AcknowledgedMark mark, String name)
      throws IOException {
    this.settings = settings;
    this.member = name;
    this.mark = mark;
    this.promises = Promises.open(settings.directory());
    this.service = new MachineService(machine, mark, this::broke, this::halt);
    this.messages = new Messages(transport, name);
    MachineType type = new MachineType(service);
    MemberId self = MemberId.from(name);
    Contact contact = new Contact();
    this.departures = new Departures(listeners);
    Elections elections =
        new Elections(settings.electionTimeout().minus(settings.heartbeat()), contact, departures);
    this.membership = new Membership(contact, settings.electionTimeout().multipliedBy(2));
    DiskSpace disk =
        new DiskSpace(
            settings.directory(),
            SEGMENTS_OF_ROOM * (long) settings.segmentBytes(),
            settings.segmentBytes());
    this.rules = new ServerRules(elections, membership, departures, contact, promises, disk);
    // One thread each: commands run in order anyway, and few threads are part of the budget.
    ThreadContextFactory serverThreads =
        ThreadModel.SHARED_THREAD_POOL.factory("raft-server-%d", 1, LOG);
    RaftStorage storage = storage(settings);
    // The folder is locked by the mark; Atomix' own lock file outlives a crash half written.
    storage.unlock();
    this.raft =
        new SealedContext(
            self,
            new LocalMembership(name),
            new ServerProtocol(messages, rules),
            storage,
            settings.keys(),
            type,
            serverThreads,
            disk,
            this::broke);
    raft.setElectionTimeout(settings.electionTimeout());
    raft.setHeartbeatInterval(settings.heartbeat());
    DurableCommit.enable(raft.getLog());
    FreshReaders.keep(raft);
    departures.bind(raft);
    rules.bind(raft);
    this.leaders = new Leaders(this::leaderId);
    this.proposals = new Proposals(self, type, messages, leaders, settings.proposalLimit());
    this.changes = new Changes(raft, messages, leaders, contact, departures, disk);
    this.watch = new Watch(raft, contact, departures, membership, disk, changes, listeners);
    this.leadership =
        new Leadership(
            raft, this::catchUp, () -> broke("it was elected and cannot apply what the log holds"));
  }

  private static RaftStorage storage(Settings settings) {
    return RaftStorage.builder()
        .withPrefix("meshd")
        .withDirectory(settings.directory().toFile())
        .withStorageLevel(StorageLevel.DISK)
        .withNamespace(LogFormat.sealed(settings.keys()))
        .withMaxSegmentSize(settings.segmentBytes())
        .withMaxEntrySize(settings.maxEntryBytes())
        // Off: a snapshot is taken whenever a segment can go, whatever the load.
        .withDynamicCompaction(false)
        .withFreeDiskBuffer(.01)
        .withFlushOnCommit(true)
        .build();
  }

  private void start(Start start, @Nullable Rejoin rejoin) throws IOException {
    LogCheck.requireComplete(raft, mark.index(), promises, settings.directory());
    // Atomix lets a member stand for leader only once it has applied what its first leader had
    // committed, and forgets its timer until then: if that leader goes, nobody might be left.
    raft.setLastApplied(0);
    new LeaderReads(messages, settings.electionTimeout()).serve(raft);
    changes.serve();
    watch.start();
    if (rejoin != null) {
      Thread.ofVirtual().name("raft-rejoin").start(() -> rejoin(rejoin));
      return;
    }
    switch (start) {
      case Start.First _ -> startWithDisk();
      case Start.Again _ -> startWithDisk();
      case Start.Join join -> join(join.members());
    }
    if (halted.isDone()) {
      return;
    }
    requireSound();
    var connected = proposals.connect();
    if (raft.getCluster().getActiveMemberStates().isEmpty()) {
      await(connected, "no Raft session was opened");
      await(leadership.start(), "the Raft log was not caught up");
    } else {
      var _ = leadership.start();
    }
  }

  /** Until it is done, or this is closed. */
  private void rejoin(Rejoin rejoin) {
    Joining joining = new Joining(raft, messages, leaders, this::catchUp);
    var _ = proposals.connect();
    while (!closed && !halted.isDone()) {
      try {
        joining.join(
            rejoin.others(),
            JOIN_LIMIT,
            () -> {
              for (String former : rejoin.former()) {
                await(changes.remove(former), "the damaged member was not taken out");
              }
            });
        Rejoin.done(settings.directory());
        var _ = leadership.start();
        LOG.info("this manager has the log of the others, and a vote, as {}", member);
        return;
      } catch (IOException | RuntimeException e) {
        LOG.warn("this manager is not back yet: {}", e.getMessage());
        LockSupport.parkNanos(Duration.ofSeconds(1).toNanos());
      }
    }
  }

  private void startWithDisk() throws IOException {
    if (raft.getCluster().getConfiguration() == null) {
      var _ = raft.getCluster().bootstrap(List.of(MemberId.from(member)));
    }
    if (!members().contains(member)) {
      throw new IOException(
          "this manager (" + member + ") is no member of the log in " + settings.directory());
    }
    boolean snapshot = raft.getSnapshotStore().getCurrentSnapshot() != null;
    await(
        CompletableFuture.runAsync(
            () -> raft.transition(raft.getCluster().getMember().getType()),
            raft.getThreadContext()),
        "the Raft server did not start");
    if (raft.getCluster().getActiveMemberStates().isEmpty()) {
      await(raft.anoint(), "the Raft server did not lead");
      await(catchUp(), "the Raft log was not caught up");
      if (halted.isDone()) {
        return;
      }
      requireSound();
      if (snapshot && service.restored() == 0) {
        throw new DamagedLogException(
            "the Raft snapshot in " + settings.directory() + " cannot be used: it is cut short");
      }
    }
  }

  private void join(List<String> others) throws IOException {
    try {
      new Joining(raft, messages, leaders, this::catchUp).join(others, JOIN_LIMIT, () -> {});
    } catch (IOException e) {
      quietly(changes.remove(member), STOP_LIMIT);
      throw e;
    }
  }

  private void requireSound() throws IOException {
    if (service.failure() != null) {
      throw new DamagedLogException(
          "the Raft snapshot in " + settings.directory() + " cannot be used: " + service.failure());
    }
  }

  /** Until it is done, or this member has halted. */
  private void await(CompletableFuture<?> future, String failed) throws IOException {
    try {
      var _ =
          CompletableFuture.anyOf(future, halted)
              .get(START_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
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
    String trouble = halted.isDone() ? halted.join() : leaders.trouble();
    if (trouble != null) {
      return CompletableFuture.failedFuture(new RefusedException(trouble));
    }
    return proposals
        .propose(entry)
        .orTimeout(settings.proposalLimit().toMillis(), TimeUnit.MILLISECONDS)
        .exceptionallyCompose(this::troubled)
        .exceptionallyCompose(AtomixLog::inWords)
        .thenApply(MachineService::answerOf);
  }

  @Override
  public CompletableFuture<Void> catchUp() {
    long limit = settings.proposalLimit().toNanos();
    long deadline = System.nanoTime() + limit;
    return leaders
        .ask(leader -> messages.bytes(leader, LeaderReads.INDEX, new byte[0]), _ -> true, deadline)
        .thenCompose(index -> applied(ByteBuffer.wrap(index).getLong(), deadline))
        .orTimeout(limit, TimeUnit.NANOSECONDS)
        .exceptionallyCompose(AtomixLog::inWords);
  }

  /**
   * Raft's own entries count, too, and pass without a word; Atomix also counts what was not applied
   * because this member has halted.
   */
  private CompletableFuture<Void> applied(long index, long deadline) {
    if (raft.getLastApplied() >= index && !halted.isDone()) {
      return CompletableFuture.completedFuture(null);
    }
    if (System.nanoTime() - deadline > 0) {
      return CompletableFuture.failedFuture(new NoLeaderException("the log does not go on"));
    }
    return CompletableFuture.supplyAsync(() -> index, SOON)
        .thenCompose(again -> applied(again, deadline));
  }

  /** What waits longer than it may because of something that the leader has said. */
  private <T> CompletableFuture<T> troubled(Throwable error) {
    String trouble = leaders.trouble();
    return CompletableFuture.failedFuture(trouble == null ? error : new RefusedException(trouble));
  }

  private static <T> CompletableFuture<T> inWords(Throwable error) {
    Throwable cause =
        error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    if (cause instanceof NoLeaderException || cause instanceof RefusedException) {
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

  @Override
  public String member() {
    return member;
  }

  @Override
  public @Nullable String leader() {
    MemberId id = leaderId();
    return id == null ? null : id.id();
  }

  private @Nullable MemberId leaderId() {
    RaftMember known = raft.getLeader();
    return known == null ? null : known.memberId();
  }

  @Override
  public List<String> members() {
    return Membership.names(raft);
  }

  @Override
  public Map<String, Boolean> reachable() {
    return membership.reachable(raft);
  }

  @Override
  public CompletableFuture<Void> remove(String gone) {
    return changes.remove(gone);
  }

  @Override
  public CompletableFuture<Void> stepDown() {
    return changes.stepDown();
  }

  @Override
  public void onBroken(Consumer<String> listener) {
    var _ = broken.thenAcceptAsync(listener, listeners);
  }

  /** What cannot be gone on with: this member votes and leads no more until it begins again. */
  private void broke(String words) {
    LOG.error("this manager takes no part any more: {}", words);
    rules.fallSilent();
    raft.getThreadContext().execute(() -> raft.transition(RaftServer.Role.INACTIVE));
    broken.complete(words);
  }

  @Override
  public void onHalted(Consumer<String> listener) {
    var _ = halted.thenAcceptAsync(listener, listeners);
  }

  /** Others may lead and go on; what this member has on disk is as it was. */
  private void halt(String words) {
    LOG.error("this manager takes no part until it is upgraded: {}", words);
    rules.fallSilent();
    raft.getThreadContext()
        .execute(
            () -> {
              raft.setLeader(null);
              raft.transition(RaftServer.Role.INACTIVE);
            });
    halted.complete(words);
  }

  @Override
  public void onMembers(MembersListener listener) {
    watch.add(listener);
  }

  @Override
  public void onRemoved(Runnable listener) {
    departures.onTakenOut(listener);
  }

  /**
   * The index of the last entry that is applied here; grows, with gaps (Raft's own entries count).
   */
  public long appliedIndex() {
    return service.reached();
  }

  /** How this member does. */
  public LogStatus status() {
    return new LogStatus(
        raft.getTerm(),
        raft.getLogWriter().getLastIndex(),
        raft.getCommitIndex(),
        service.reached(),
        isLeader(),
        leader() != null,
        members().size());
  }

  /** For a log line or a failed test. */
  @Override
  public String toString() {
    return "%s: %s in term %d, leader %s, last entry %d, committed %d, applied %d, members %s"
        .formatted(
            member,
            raft.getRole(),
            raft.getTerm(),
            leader(),
            raft.getLogWriter().getLastIndex(),
            raft.getCommitIndex(),
            raft.getLastApplied(),
            raft.getCluster().getMembers());
  }

  @Override
  public void close() {
    closed = true;
    leadership.close();
    if (leaderId() != null) {
      quietly(proposals.closeSession(), SESSION_LIMIT);
    }
    leaders.close();
    quietly(proposals.closeClient(), STOP_LIMIT);
    quietly(
        CompletableFuture.runAsync(
            () -> {
              watch.stop();
              raft.transition(RaftServer.Role.INACTIVE);
            },
            raft.getThreadContext()),
        STOP_LIMIT);
    raft.close();
    listeners.shutdown();
    try (mark;
        promises) {
      LOG.debug("closed");
    } catch (IOException e) {
      LOG.warn("The mark of acknowledged entries was not closed: {}", e.getMessage());
    }
  }

  private static void quietly(CompletableFuture<?> future, Duration limit) {
    try {
      future.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.debug("while stopping", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
