package io.meshd.daemon;

import io.meshd.api.Nodes;
import io.meshd.api.Swarm;
import io.meshd.daemon.backup.Backup;
import io.meshd.daemon.command.Ids;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.command.RaftProposer;
import io.meshd.daemon.control.ClusterBirth;
import io.meshd.daemon.control.JoinClient;
import io.meshd.daemon.control.Managers;
import io.meshd.daemon.control.StateFiles;
import io.meshd.daemon.control.SwarmControl;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.raft.AtomixLog;
import io.meshd.daemon.security.IdentityStore;
import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.security.NodeRole;
import io.meshd.daemon.security.UnlockKey;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.Outcome;
import io.meshd.daemon.state.StateListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node's membership, and how it changes.
 *
 * <pre>
 *   inactive --init, restore--> manager       identity on disk = active after a restart
 *   inactive --join--> worker or manager
 *   worker --promoted--> manager --demoted--> worker       while the node's work goes on
 *   manager with autolock --restart--> locked --unlock--> manager
 *   manager --init --force-new-cluster--> manager, the only one
 *   active --leave--> inactive
 * </pre>
 *
 * <p>Longer than other files: these changes exclude one another by the lock of this object.
 */
final class NodeMembership implements SwarmControl, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NodeMembership.class);

  // moby daemon/cluster/errors.go and swarm.go
  private static final String IN_SWARM =
      "This node is already part of a swarm. Use \"docker swarm leave\" to leave this swarm and"
          + " join another one.";
  private static final String NO_MANAGER =
      "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster"
          + " state. Please run this command on a manager node or promote the current node to a"
          + " manager.";
  private static final String LOCKED_LEAVE =
      "Swarm is encrypted and locked. Please unlock it first or use `--force` to ignore this"
          + " message.";
  private static final String NOT_IN_SWARM = "This node is not part of a swarm";

  private static final Duration REOPEN_PAUSE = Duration.ofSeconds(1);

  private final MeshdConfig config;
  private final IdentityStore identities;
  private final Ids ids = Ids.random();
  private final Supplier<Nodes.NodeDescription> description;
  private final ClusterDoor door;
  private final StateListener watcher;
  private final RoleFollower roles = new RoleFollower(this::takeRole);
  private volatile @Nullable ActiveNode active;

  /** {@code watcher}: told every state that a membership brings. */
  NodeMembership(
      MeshdConfig config,
      ClusterDoor door,
      Supplier<Nodes.NodeDescription> description,
      StateListener watcher) {
    this.watcher = watcher;
    this.config = config;
    this.identities = new IdentityStore(config.dataDir());
    this.door = door;
    this.description = description;
  }

  /** Takes up the membership that is on disk, if there is one. */
  synchronized void start() throws IOException, InterruptedException {
    NodeIdentity identity = identities.load();
    if (identity != null) {
      activate(identity, this::member);
    }
  }

  /** Null while this node is in no cluster, or has no such part. */
  <T> @Nullable T ofActive(Function<ActiveNode, @Nullable T> part) {
    ActiveNode now = active;
    return now == null ? null : part.apply(now);
  }

  /** Opens :2377, then the membership behind it: a manager's log needs the door. */
  private void activate(NodeIdentity identity, ActiveNode.Opening opening)
      throws IOException, InterruptedException {
    Standing standing =
        new Standing(
            identity,
            new NodeCredentials(identity, identities.roots(identity)),
            identities,
            description,
            files(),
            roles::want,
            this::reopenLater);
    openDoor(standing.identity(), standing.credentials());
    StateListener rechecks = door.watch();
    try {
      roles.follow(identity.nodeId(), identity.role());
      StateListener onLook =
          state -> {
            roles.onState(state);
            rechecks.onState(state);
            watcher.onState(state);
          };
      ActiveNode node = new ActiveNode(config, standing, opening, onLook);
      active = node;
      node.start();
    } catch (IOException | InterruptedException | RuntimeException e) {
      door.close();
      throw e;
    }
  }

  /** Who cannot show who it is has no door. */
  private void openDoor(NodeIdentity identity, NodeCredentials credentials) throws IOException {
    if (!identity.locked()) {
      door.open(credentials, () -> ofActive(ActiveNode::member));
    }
  }

  private Member member(Standing standing) throws IOException, InterruptedException {
    if (standing.identity().locked()) {
      LOG.warn("this manager is locked: it goes on as one with \"meshctl swarm unlock\"");
      return new LockedMember(standing);
    }
    return standing.identity().manager()
        ? door.manager(standing, logFolder())
        : new WorkerMember(standing);
  }

  private Path logFolder() {
    return config.dataDir().resolve("raft");
  }

  private StateFiles files() {
    return StateFiles.of(config.dataDir(), config.runDir());
  }

  @Override
  public synchronized String init(Swarm.InitRequest request) {
    if (Boolean.TRUE.equals(request.forceNewCluster())) {
      return guarded(this::forceNewCluster);
    }
    requireInactive();
    ClusterBirth birth = ClusterBirth.of(MembershipRequests.plan(request, description.get()), ids);
    List<Command> entries = new ArrayList<>(List.of(birth.init(), birth.node()));
    UnlockKey lock = Boolean.TRUE.equals(request.autoLockManagers()) ? UnlockKey.drawn() : null;
    if (lock != null) {
      entries.add(new Command.SetUnlockKey(birth.init().at(), lock.toString()));
    }
    return guarded(() -> found(birth.identity(), lock, entries, "began"));
  }

  /** What is left of an earlier membership. */
  private void forget() throws IOException {
    identities.begin();
    deleteAll(logFolder());
    files().delete();
  }

  /** The identity is written last: a crash before leaves a log that belongs to nobody. */
  private String found(
      NodeIdentity identity, @Nullable UnlockKey lock, List<Command> entries, String verb)
      throws IOException, InterruptedException {
    forget();
    var _ = identities.lock(lock);
    activate(
        identity,
        standing -> {
          ManagerMember member = door.first(standing, logFolder());
          if (member.write(entries) instanceof Outcome.Refused refused) {
            member.close();
            deleteAll(logFolder());
            throw new ApiException(refused.reason().httpStatus(), refused.message());
          }
          return member;
        });
    keep(identity);
    LOG.info("node {} {} cluster {}", identity.nodeId(), verb, identity.clusterId());
    return identity.nodeId();
  }

  private void keep(NodeIdentity identity) throws IOException {
    identities.save(identity.withManagers(requireActive().member().managers()));
  }

  /**
   * The only manager from now on, with what this one knows: when the others are lost for good.
   * Those that come back find that they are workers.
   */
  private String forceNewCluster() throws IOException, InterruptedException {
    ActiveNode now = requireActive();
    NodeIdentity identity = now.member().identity();
    if (!(now.member() instanceof ManagerMember before)) {
      throw noManager(now);
    }
    if (!before.halted().isEmpty()) {
      throw new IOException(before.halted());
    }
    AtomicReference<@Nullable String> failure = new AtomicReference<>();
    now.reopen(
        standing -> {
          try {
            var _ = AtomixLog.forceAlone(logFolder(), identities.dataKeys());
          } catch (IOException e) {
            failure.set(e.getMessage());
            return door.manager(standing, logFolder());
          }
          ManagerMember alone = door.manager(standing, logFolder());
          Command takeOver = new Command.TakeOver(Instant.now().toString(), identity.nodeId());
          if (alone.write(List.of(takeOver)) instanceof Outcome.Refused refused) {
            failure.set(refused.message());
          }
          return alone;
        });
    String why = failure.get();
    if (why != null) {
      throw new IOException(why);
    }
    LOG.warn("node {} is the only manager from now on", identity.nodeId());
    return identity.nodeId();
  }

  @Override
  public byte[] backup() {
    ActiveNode now = requireActive();
    if (!(now.member() instanceof ManagerMember manager)) {
      throw noManager(now);
    }
    try {
      return manager.backup().toFile();
    } catch (IOException e) {
      throw new ApiException(503, String.valueOf(e.getMessage()));
    }
  }

  @Override
  public synchronized String restore(byte[] file) {
    requireInactive();
    Backup backup;
    try {
      backup = Backup.ofFile(file);
    } catch (IOException e) {
      throw new ApiException(400, String.valueOf(e.getMessage()));
    }
    for (String address : List.of(backup.advertiseAddress(), backup.vtep())) {
      if (!AdvertiseAddress.isHere(address)) {
        throw new ApiException(
            400,
            "the backup is of a manager at "
                + address
                + ", which is no address of this machine: give it that address first");
      }
    }
    return guarded(() -> found(backup.identity(), null, restoring(backup), "took up again"));
  }

  /** Managers that were others' when the backup was made are workers now. */
  private static List<Command> restoring(Backup backup) {
    String at = Instant.now().toString();
    List<Command> commands = new ArrayList<>(backup.commands(at));
    commands.add(new Command.TakeOver(at, backup.nodeId()));
    return commands;
  }

  @Override
  public synchronized void join(Swarm.JoinRequest request) {
    requireInactive();
    JoinClient.Applicant applicant = MembershipRequests.applicant(request, description.get());
    guarded(
        () -> {
          NodeIdentity identity =
              JoinClient.join(MembershipRequests.managers(request), request.joinToken(), applicant);
          forget();
          activate(identity, this::member);
          keep(identity);
          LOG.info("node {} joined cluster {}", identity.nodeId(), identity.clusterId());
          return "";
        });
  }

  @Override
  public synchronized void unlock(String key) {
    ActiveNode now = requireActive();
    if (!(now.member() instanceof LockedMember locked)) {
      throw now.member() instanceof ManagerMember
          ? new ApiException(409, "swarm is not locked")
          : noManager(now);
    }
    UnlockKey given;
    try {
      given = UnlockKey.parse(key);
    } catch (IllegalArgumentException e) {
      throw new ApiException(400, String.valueOf(e.getMessage()));
    }
    var _ =
        guarded(
            () -> {
              NodeIdentity identity = identities.unlock(given);
              PrivateKey own = identity == null ? null : identity.key();
              if (identity == null || own == null) {
                throw new ApiException(401, "swarm could not be unlocked: invalid key provided");
              }
              locked.credentials().renew(own, identity.certificate());
              openDoor(identity, locked.credentials());
              try {
                now.reopenAs(identity, this::member);
              } catch (IOException | InterruptedException | RuntimeException e) {
                door.close();
                throw e;
              }
              LOG.info("node {} is unlocked", identity.nodeId());
              return "";
            });
  }

  private static ApiException noManager(ActiveNode now) {
    return new ApiException(
        503, now.member() instanceof LockedMember ? SwarmControl.LOCKED : NO_MANAGER);
  }

  @Override
  public synchronized void leave(boolean force) {
    ActiveNode now = requireActive();
    if (now.member() instanceof LockedMember && !force) {
      throw new ApiException(503, LOCKED_LEAVE);
    }
    if (now.member() instanceof ManagerMember manager && !force) {
      throw new ApiException(503, LeaveWarning.of(manager));
    }
    guarded(
        () -> {
          // Out first: after a crash from here on, the node is in no cluster.
          identities.delete();
          active = null;
          roles.follow("", NodeRole.WORKER);
          now.leave();
          door.close();
          deleteAll(logFolder());
          files().delete();
          return "";
        });
  }

  /**
   * Becomes what the state says that this node is.
   *
   * @throws IOException in words when it cannot yet; it is tried again
   */
  private synchronized void takeRole(NodeRole role) throws IOException, InterruptedException {
    ActiveNode now = active;
    if (now == null) {
      return;
    }
    Member before = now.member();
    if (before.identity().role() == role) {
      roles.follow(before.identity().nodeId(), role);
      return;
    }
    if (before instanceof ManagerMember manager) {
      manager.awaitRemoved();
    }
    NodeIdentity identity = RoleCertificate.ask(before);
    NodeRole given = identity.role();
    if (given == before.identity().role() && !(before instanceof ManagerMember m && m.removed())) {
      throw new IOException("the managers give it no certificate of that role");
    }
    // After a crash from here on, it begins in its new role.
    identities.save(identity);
    if (given == NodeRole.WORKER) {
      now.reopenAs(
          identity,
          standing -> {
            deleteAll(logFolder());
            return new WorkerMember(standing);
          });
    } else if (before instanceof ManagerMember) {
      // Demoted and promoted again before it was the first: under a new name in the log.
      now.reopenAs(
          identity,
          standing -> {
            deleteAll(logFolder());
            return member(standing);
          });
    } else {
      // What a worker has there is of a time when it was a manager before.
      deleteAll(logFolder());
      now.become(identity, this::member);
    }
    roles.follow(identity.nodeId(), given);
    LOG.info("node {} is a {} from now on", identity.nodeId(), given.word());
  }

  private void reopenLater() {
    Thread.ofVirtual().name("log-reopen").start(this::reopen);
  }

  /** Until it works: the disk may be full for a while. */
  private void reopen() {
    try {
      for (boolean done = false; !done; ) {
        Thread.sleep(REOPEN_PAUSE);
        done = tryReopen();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized boolean tryReopen() throws InterruptedException {
    ActiveNode now = active;
    if (now == null) {
      return true;
    }
    try {
      now.reopen(this::member);
      return true;
    } catch (IOException e) {
      LOG.error("The managers' log cannot be opened: {}", e.getMessage());
      return false;
    }
  }

  private ActiveNode requireActive() {
    ActiveNode now = active;
    if (now == null) {
      throw new ApiException(503, NOT_IN_SWARM);
    }
    return now;
  }

  private void requireInactive() {
    if (active != null) {
      throw new ApiException(503, IN_SWARM);
    }
  }

  /** What keeps a node from its work is the caller's to know, in words. */
  private static <T> T guarded(Step<T> step) {
    try {
      return step.run();
    } catch (IOException e) {
      throw new ApiException(500, String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ApiException(503, "interrupted");
    }
  }

  @FunctionalInterface
  private interface Step<T> {
    T run() throws IOException, InterruptedException;
  }

  private static void deleteAll(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  /** Takes a call to whoever leads. */
  void forward(Exchange exchange) throws InterruptedException {
    Member member = ofActive(ActiveNode::member);
    if (member == null) {
      throw new ApiException(503, RaftProposer.NO_LEADER);
    }
    member.forwarder().forward(exchange);
  }

  @Override
  public Membership membership() {
    Member member = ofActive(ActiveNode::member);
    if (member == null) {
      return new Membership("inactive", "", "", false, "", "", List.of());
    }
    NodeIdentity identity = member.identity();
    return new Membership(
        identity.locked() ? "locked" : "active",
        identity.nodeId(),
        identity.advertiseAddress(),
        identity.manager(),
        identity.clusterId(),
        member.error(),
        member.managers());
  }

  @Override
  public void catchUp() {
    if (ofActive(ActiveNode::member) instanceof ManagerMember manager && manager.hasLeader()) {
      manager.catchUp();
    }
  }

  @Override
  public ClusterState state() {
    ClusterState state = ofActive(node -> node.member().state());
    return state == null ? ClusterState.empty() : state;
  }

  @Override
  public @Nullable Proposer proposer() {
    return ofActive(node -> node.member().proposer());
  }

  @Override
  public @Nullable String leaderAddress() {
    return ofActive(node -> node.member().leaderAddress());
  }

  @Override
  public @Nullable Managers managers() {
    return ofActive(node -> node.member().managersSeen());
  }

  /** Begins nothing new and lets what is under way arrive; takes a second in a cluster. */
  synchronized void windDown(boolean succeeded) {
    ActiveNode now = active;
    if (now != null) {
      now.windDown(succeeded);
    }
  }

  /** Stops working; tasks and devices stay. */
  @Override
  public synchronized void close() {
    roles.close();
    ActiveNode now = active;
    active = null;
    if (now != null) {
      now.close();
    }
  }
}
