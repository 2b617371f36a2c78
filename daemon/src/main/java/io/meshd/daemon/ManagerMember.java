package io.meshd.daemon;

import io.meshd.daemon.backup.Backup;
import io.meshd.daemon.command.Ids;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.command.RaftProposer;
import io.meshd.daemon.control.CertificateRenewal;
import io.meshd.daemon.control.ControlRoutes;
import io.meshd.daemon.control.GossipRing;
import io.meshd.daemon.control.NodeLiveness;
import io.meshd.daemon.control.ReportDesk;
import io.meshd.daemon.control.ReportSink;
import io.meshd.daemon.control.StateFeed;
import io.meshd.daemon.orchestrate.Orchestrator;
import io.meshd.daemon.raft.AtomixLog;
import io.meshd.daemon.raft.InProcessTransport;
import io.meshd.daemon.reconcile.TaskReports;
import io.meshd.daemon.security.ClusterCa;
import io.meshd.daemon.security.IdentityStore;
import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.Outcome;
import io.meshd.daemon.state.StateListener;
import io.meshd.daemon.state.StateMachine;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A manager: the log, the machine it drives, and, while it leads, the orchestrator and the
 * judgement of who is there.
 */
final class ManagerMember implements Member {
  private static final Logger LOG = LoggerFactory.getLogger(ManagerMember.class);

  /** Silence after which a node's tasks are placed elsewhere. */
  private static final Duration NODE_GRACE = Duration.ofSeconds(3);

  private final NodeIdentity identity;
  private final ClusterCa ca;
  private final StateMachine machine = new StateMachine();
  private final AtomixLog log;
  private final Proposer proposer;
  private final NodeLiveness liveness;
  private final Orchestrator orchestrator;
  private final ControlRoutes controlRoutes;
  private final TaskReports.Sink reports;
  private final NodeCredentials credentials;
  private final CertificateRenewal renewal;

  /**
   * Opens the log; returns with everything that was acknowledged applied.
   *
   * @param folder of the log
   * @throws IOException in one sentence when the log is damaged
   */
  ManagerMember(NodeIdentity identity, ClusterCa ca, IdentityStore store, Path folder)
      throws IOException {
    this.identity = identity;
    this.ca = ca;
    Ids ids = Ids.random();
    log =
        AtomixLog.open(
            AtomixLog.Settings.of(folder), new InProcessTransport(identity.nodeId()), machine);
    proposer = new RaftProposer(log, machine::state);
    liveness = new NodeLiveness(identity.nodeId(), this::proposer, NODE_GRACE);
    orchestrator = new Orchestrator(proposer, machine::subscribe, InstantSource.system(), ids);
    StateFeed feed = new StateFeed();
    machine.subscribe(feed);
    ReportDesk desk = new ReportDesk(this::proposer);
    controlRoutes =
        ControlRoutes.of(new ControlRoutes.Parts(feed, liveness, desk, ca, ids, this::proposer));
    credentials = new NodeCredentials(identity);
    renewal = new CertificateRenewal(credentials, this::sign, store::saveCertificate);
    machine.subscribe(renewal);
    reports = ReportSink.toDesk(desk, identity.nodeId())::send;
  }

  /** While this leads, nodes are judged by what gossip hears of them. */
  void trust(Function<String, NodeLiveness.Word> word) {
    liveness.trust(word);
  }

  /**
   * Writes the log's first entries, one after the other up to a refusal, which leaves no cluster.
   */
  Outcome found(List<Command> entries) {
    Outcome outcome = new Outcome.Done(0, "");
    for (Command entry : entries) {
      outcome = proposer.propose(entry);
      if (outcome instanceof Outcome.Refused) {
        break;
      }
    }
    return outcome;
  }

  /** What this manager needs to begin again, as it is now. */
  Backup backup() {
    return Backup.of(identity, ca, machine.state(), Instant.now().toString());
  }

  /** This manager's own certificate needs no other. */
  private X509Certificate sign(String request) throws IOException {
    ClusterRecord cluster = machine.state().cluster();
    if (cluster == null) {
      throw new IOException("the cluster is not made yet");
    }
    return ca.sign(
        request, identity.nodeId(), identity.role(), cluster.id(), cluster.certificateLife());
  }

  /** Begins to lead, whenever the log says so. */
  void start() {
    liveness.start();
    renewal.start();
    log.onRole(
        leads -> {
          if (leads) {
            lead();
          } else {
            orchestrator.stop();
          }
        });
    if (log.isLeader()) {
      lead();
    }
  }

  private void lead() {
    orchestrator.start();
    Thread.ofVirtual().name("gossip-ring").start(() -> GossipRing.ensure(proposer));
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
    return machine.state();
  }

  @Override
  public void subscribe(StateListener listener) {
    machine.subscribe(listener);
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
  public @Nullable String leaderAddress() {
    return log.isLeader() ? identity.controlAddress() : null;
  }

  @Override
  public List<String> managers() {
    return List.of(identity.controlAddress());
  }

  @Override
  public String error() {
    return log.isLeader() ? "" : RaftProposer.NO_LEADER;
  }

  @Override
  public TaskReports.Sink reports() {
    return reports;
  }

  @Override
  public void sayPause() {
    liveness.close();
    if (log.isLeader()) {
      Outcome outcome =
          proposer.propose(
              new Command.SetNodeStatus(
                  Instant.now().toString(),
                  identity.nodeId(),
                  NodeRecord.NodeState.DISCONNECTED,
                  null));
      LOG.info("this node is DISCONNECTED: {}", outcome);
    }
  }

  /** The last manager takes the cluster with it: there is nobody to tell. */
  @Override
  public void sayGoodbye() {}

  @Override
  public void close() {
    orchestrator.stop();
    renewal.close();
    liveness.close();
    log.close();
  }
}
