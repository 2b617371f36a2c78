package io.meshd.daemon;

import io.meshd.api.Nodes;
import io.meshd.daemon.backup.Backup;
import io.meshd.daemon.command.Ids;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.command.RaftProposer;
import io.meshd.daemon.control.Authorities;
import io.meshd.daemon.control.AuthorityFollower;
import io.meshd.daemon.control.AuthorityRotation;
import io.meshd.daemon.control.CertificateRenewal;
import io.meshd.daemon.control.ClusterClient;
import io.meshd.daemon.control.ControlRoutes;
import io.meshd.daemon.control.Heartbeat;
import io.meshd.daemon.control.KeyRotator;
import io.meshd.daemon.control.LeaderForwarder;
import io.meshd.daemon.control.ManagerAddresses;
import io.meshd.daemon.control.ManagerLock;
import io.meshd.daemon.control.Managers;
import io.meshd.daemon.control.NodeLiveness;
import io.meshd.daemon.control.RemoteReports;
import io.meshd.daemon.control.ReportDesk;
import io.meshd.daemon.control.ReportSink;
import io.meshd.daemon.control.SelfDescription;
import io.meshd.daemon.control.StateFeed;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.metrics.Readings;
import io.meshd.daemon.orchestrate.Orchestrator;
import io.meshd.daemon.raft.AtomixLog;
import io.meshd.daemon.raft.Transport;
import io.meshd.daemon.reconcile.TaskReports;
import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.security.NodeRole;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.Outcome;
import io.meshd.daemon.state.StateListener;
import io.meshd.daemon.state.StateMachine;
import java.io.IOException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A manager: the log, the machine it drives, and, while it leads, the orchestrator, the judgement
 * of who is there and the care for who manages. While another leads, it is to that one what a
 * worker is: it reports and calls there.
 *
 * <p>Longer than most: what leading begins is ended in the opposite order, in one place.
 */
final class ManagerMember implements Member {
  private static final Logger LOG = LoggerFactory.getLogger(ManagerMember.class);

  /** Silence after which a node's tasks are placed elsewhere. */
  private static final Duration NODE_GRACE = Duration.ofSeconds(3);

  /** Without the other managers for so long, the state on disk is all there is. */
  private static final Duration ALONE_LIMIT = Duration.ofSeconds(10);

  private final NodeIdentity identity;
  private final NodeCredentials credentials;
  private final StateMachine machine = new StateMachine();
  private final StateRelay states;
  private final ManagersLog opened;
  private final AtomixLog log;
  private final RaftProposer proposer;
  private final NodeLiveness liveness;
  private final KeyRotator keys;
  private final Orchestrator orchestrator;
  private final RoleKeeper roles;
  private final ControlRoutes controlRoutes;
  private final ClusterClient client;
  private final ManagerAddresses managers;
  private final RemoteReports remote;
  private final ReportSink sink;
  private final Heartbeat heartbeat;
  private final LeaderForwarder forwarder;
  private final CertificateRenewal renewal;
  private final SelfDescription self;
  private final AuthorityRotation rotation;
  private final RoleProbe probe;
  private final ManagerExit exit;
  private final ManagerLock lock;
  private volatile String halted = "";
  private volatile boolean closed;

  /** Opens the log that drives a machine. */
  @FunctionalInterface
  interface Opening {
    ManagersLog open(StateMachine machine, StateRelay states, RemoteReports others)
        throws IOException, InterruptedException;
  }

  /**
   * Opens the log; returns when it takes part, or, after a restart without the others, when it is
   * ready to.
   *
   * @throws IOException in one sentence when the log is damaged, or cannot be joined
   */
  ManagerMember(Standing standing, Opening opening) throws IOException, InterruptedException {
    identity = standing.identity();
    credentials = standing.credentials();
    states = new StateRelay(standing.cache());
    client = ClusterClient.ofManagers(credentials);
    managers = new ManagerAddresses(identity.managers(), standing::keepManagers);
    managers.learn(states.state());
    remote = new RemoteReports(managers, client);
    try {
      opened = opening.open(machine, states, remote);
    } catch (IOException | InterruptedException | RuntimeException e) {
      client.close();
      states.close();
      throw e;
    }
    log = opened.log();
    proposer = new RaftProposer(log, machine::state);
    liveness = new NodeLiveness(identity.nodeId(), this::proposer, NODE_GRACE);
    keys = new KeyRotator(this::proposer, InstantSource.system());
    Ids ids = Ids.random();
    orchestrator = new Orchestrator(proposer, machine::subscribe, InstantSource.system(), ids);
    roles = new RoleKeeper(log, machine::state);
    StateFeed feed = new StateFeed();
    machine.subscribe(feed);
    ReportDesk desk = new ReportDesk(this::proposer);
    ReportSink own = ReportSink.toDesk(desk, identity.nodeId());
    sink = reports -> (log.isLeader() ? own : remote).send(reports);
    heartbeat = new Heartbeat(sink);
    forwarder = new LeaderForwarder(this::leaderFirst, this::leaderAddress, client);
    controlRoutes =
        ControlRoutes.of(
            new ControlRoutes.Parts(
                feed,
                liveness,
                desk,
                ids,
                this::proposer,
                forwarder,
                log::members,
                this::managersSeen,
                () -> log.leader() != null && states.live()));
    AuthorityFollower authority = new AuthorityFollower(credentials, standing.store()::saveRoots);
    renewal = new CertificateRenewal(credentials, this::sign, standing.store()::saveCertificate);
    rotation = new AuthorityRotation(this::proposer);
    self =
        new SelfDescription(
            identity.nodeId(), standing.description(), credentials, this::state, this::describe);
    lock = new ManagerLock(standing.store());
    states.subscribe(authority);
    states.subscribe(renewal);
    machine.subscribe(rotation);
    machine.subscribe(managers::learn);
    machine.subscribe(roles);
    machine.subscribe(states);
    states.subscribe(state -> opened.transport().recheck());
    states.subscribe(_ -> followLock());
    probe = new RoleProbe(this, standing.roleHeard());
    log.onBroken(
        words -> {
          LOG.error("The managers' log is opened again: {}", words);
          standing.logBroken().run();
        });
    log.onHalted(words -> halted = words);
    exit = new ManagerExit(identity.nodeId(), log, proposer, remote);
    log.onRemoved(() -> standing.roleHeard().accept(NodeRole.WORKER));
  }

  /** While this leads, keys are rotated by what gossip hears of their holders. */
  void askHolders(Function<String, KeyRotator.Standing> standing) {
    keys.ask(standing);
  }

  /** While this leads, nodes are judged by what gossip hears of them. */
  void trust(Function<String, NodeLiveness.Word> word) {
    liveness.trust(word);
  }

  /**
   * Writes entries into the log, one after the other up to a refusal.
   *
   * @return of the last that was tried
   */
  Outcome write(List<Command> entries) {
    Outcome outcome = new Outcome.Done(0, "");
    for (Command entry : entries) {
      outcome = proposer.propose(entry);
      if (outcome instanceof Outcome.Refused) {
        break;
      }
    }
    return outcome;
  }

  /**
   * What this manager needs to begin again, as it is now.
   *
   * @throws IOException in words when it cannot be told whether this is the newest
   */
  Backup backup() throws IOException {
    if (!proposer.confirm()) {
      throw new IOException(RaftProposer.NO_LEADER);
    }
    return Backup.of(identity, machine.state(), Instant.now().toString());
  }

  /** The leader signs by the state, and its own without asking anybody. */
  private X509Certificate sign(String request) throws IOException, InterruptedException {
    ClusterRecord cluster = machine.state().cluster();
    if (!log.isLeader() || cluster == null) {
      return remote.renew(request);
    }
    return Authorities.signing(machine.state())
        .sign(request, identity.nodeId(), identity.role(), cluster.id(), cluster.certificateLife());
  }

  @Override
  public X509Certificate askCertificate(String request) throws IOException, InterruptedException {
    return remote.renew(request);
  }

  private void describe(Nodes.NodeDescription own) throws IOException, InterruptedException {
    if (!log.isLeader()) {
      remote.describe(own);
      return;
    }
    try {
      controlRoutes.describe(identity.nodeId(), own);
    } catch (ApiException e) {
      throw new IOException(e.text());
    }
  }

  /** Begins to lead, whenever the log says so. */
  @Override
  public void start() {
    liveness.start();
    keys.start();
    renewal.start();
    self.start();
    heartbeat.start();
    roles.start();
    probe.start();
    Thread.ofVirtual().name("state-relay").start(this::goLive);
    log.onRole(
        leads -> {
          if (leads) {
            lead();
          } else {
            orchestrator.stop();
          }
        });
  }

  private void goLive() {
    while (!closed && !states.live()) {
      catchUp();
    }
  }

  private void lead() {
    orchestrator.start();
    Thread.ofVirtual().name("authority-rotation").start(rotation::finish);
  }

  @Override
  public NodeIdentity identity() {
    return identity;
  }

  @Override
  public NodeCredentials credentials() {
    return credentials;
  }

  @Override
  public ClusterState state() {
    return states.state();
  }

  @Override
  public void subscribe(StateListener listener) {
    states.subscribe(listener);
  }

  @Override
  public boolean upToDate() {
    return states.live();
  }

  @Override
  public boolean onItsOwn(Duration waited) {
    return waited.compareTo(ALONE_LIMIT) >= 0;
  }

  @Override
  public @Nullable Proposer proposer() {
    return log.isLeader() ? proposer : null;
  }

  @Override
  public ControlRoutes controlRoutes() {
    return controlRoutes;
  }

  @Override
  public LeaderForwarder forwarder() {
    return forwarder;
  }

  @Override
  public @Nullable String leaderAddress() {
    String leader = log.leader();
    NodeRecord node = leader == null ? null : state().nodes().get(Transport.nodeOf(leader));
    return node == null ? null : node.controlAddress();
  }

  private List<String> leaderFirst() {
    List<String> all = new ArrayList<>(managers());
    String leader = leaderAddress();
    if (leader != null && all.remove(leader)) {
      all.addFirst(leader);
    }
    return all;
  }

  @Override
  public @Nullable Managers managersSeen() {
    if (!log.isLeader()) {
      return null;
    }
    Map<String, Boolean> nodes = new HashMap<>();
    for (String member : log.members()) {
      nodes.put(Transport.nodeOf(member), false);
    }
    log.reachable()
        .forEach(
            (member, answers) -> nodes.merge(Transport.nodeOf(member), answers, (a, b) -> a || b));
    nodes.put(identity.nodeId(), true);
    return new Managers(nodes);
  }

  @Override
  public List<String> managers() {
    return managers.list();
  }

  @Override
  public String error() {
    if (!halted.isEmpty()) {
      return "this manager takes no part: " + halted;
    }
    if (hasLeader()) {
      return "";
    }
    return probe.refusal().isEmpty() ? RaftProposer.NO_LEADER : probe.refusal();
  }

  @Override
  public TaskReports.Sink reports() {
    return sink::send;
  }

  @Override
  public Map<String, Long> counters() {
    return opened.transport().counters();
  }

  @Override
  public Readings.Log log() {
    return new Readings.Log(log.status(), proposer.times().read());
  }

  /** Why this manager takes no part until it is upgraded, or empty. */
  String halted() {
    return halted;
  }

  /** Whether the others have taken this one out of their log. */
  boolean removed() {
    return exit.removed();
  }

  void catchUp() {
    if (proposer.confirm()) {
      states.goLive();
      followLock();
    }
  }

  /** A state of before is no reason to lock with a key of before. */
  private void followLock() {
    if (states.live()) {
      lock.onState(machine.state());
    }
  }

  boolean hasLeader() {
    return log.leader() != null;
  }

  /** Returns when the other managers have taken this one out of their log, or after a while. */
  void awaitRemoved() throws InterruptedException {
    exit.awaitRemoved();
  }

  @Override
  public void sayPause() {
    heartbeat.close();
    liveness.close();
    exit.pause();
  }

  @Override
  public void sayGoodbye() {
    heartbeat.close();
    exit.leave();
  }

  @Override
  public void close() {
    closed = true;
    probe.close();
    roles.close();
    orchestrator.stop();
    self.close();
    renewal.close();
    heartbeat.close();
    keys.close();
    liveness.close();
    opened.close();
    client.close();
    states.close();
  }
}
