package io.meshd.daemon.control;

import io.meshd.api.Nodes;
import io.meshd.daemon.command.Ids;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.command.RaftProposer;
import io.meshd.daemon.http.ApiServer;
import io.meshd.daemon.http.DoorLimits;
import io.meshd.daemon.raft.AtomixLog;
import io.meshd.daemon.raft.InProcessTransport;
import io.meshd.daemon.security.ClusterCa;
import io.meshd.daemon.security.IdentityStore;
import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.security.TlsContexts;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.CommandFormat;
import io.meshd.daemon.state.Outcome;
import io.meshd.daemon.state.StateMachine;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A manager made of the real parts: log on disk, state machine, :2377 on a port of loopback. */
final class TestManager implements AutoCloseable {
  static final Duration GRACE = Duration.ofMillis(1500);

  final NodeIdentity identity;
  final NodeCredentials credentials;
  final Proposer proposer;
  final StateFeed feed = new StateFeed();
  final NodeLiveness liveness;
  final ReportDesk reports;
  final ApiServer server;
  final ControlRoutes routes;
  private final AtomixLog log;
  private @Nullable Proposer leading;

  /** A new cluster in an empty folder. */
  static TestManager create(Path folder) throws Exception {
    return create(folder, DoorLimits.ORDINARY);
  }

  /** The same with a door of other limits. */
  static TestManager create(Path folder, DoorLimits limits) throws Exception {
    ClusterBirth birth =
        ClusterBirth.of(
            new ClusterBirth.Plan(
                "127.0.0.1",
                freePort(),
                "127.0.0.1",
                4789,
                List.of("10.0.0.0/8"),
                24,
                "active",
                description("m1")),
            Ids.random());
    IdentityStore store = new IdentityStore(folder.resolve("cluster"));
    store.save(birth.identity());
    TestManager manager = new TestManager(folder, limits, birth.identity(), store);
    manager.must(birth.init());
    manager.must(birth.node());
    return manager;
  }

  /** The cluster that the folder holds. */
  static TestManager reopen(Path folder) throws Exception {
    IdentityStore store = new IdentityStore(folder.resolve("cluster"));
    return new TestManager(
        folder, DoorLimits.ORDINARY, Objects.requireNonNull(store.load()), store);
  }

  private TestManager(Path folder, DoorLimits limits, NodeIdentity identity, IdentityStore store)
      throws IOException {
    this.identity = identity;
    this.credentials = new NodeCredentials(identity);
    StateMachine machine = new StateMachine();
    this.log =
        AtomixLog.open(
            AtomixLog.Settings.of(folder.resolve("raft"), store.dataKeys()),
            new InProcessTransport(identity.nodeId()),
            machine);
    this.proposer = new RaftProposer(log, machine::state);
    this.leading = proposer;
    machine.subscribe(feed);
    this.liveness = new NodeLiveness(identity.nodeId(), this::leading, GRACE);
    this.reports = new ReportDesk(this::leading);
    this.server =
        new ApiServer(new ApiServer.Settings(Map.of(), "1.24", "1.47", Duration.ofMinutes(1)));
    routes =
        ControlRoutes.of(
            new ControlRoutes.Parts(
                feed,
                liveness,
                reports,
                Ids.random(),
                this::leading,
                new LeaderForwarder(List::of, () -> null, ClusterClient.ofManagers(credentials)),
                List::of,
                () -> null,
                () -> true));
    ControlRoutes.register(server.routes(), () -> routes);
    liveness.start();
    String address = identity.controlAddress();
    server.openTls(
        new InetSocketAddress(
            InetAddress.getLoopbackAddress(),
            Integer.parseInt(address.substring(address.indexOf(':') + 1))),
        TlsContexts.server(credentials),
        new NodeDoor(machine::state),
        Map.of(),
        limits);
    machine.subscribe(NodeDoor.onChange(server::recheck));
  }

  private synchronized @Nullable Proposer leading() {
    return leading;
  }

  ClusterCa ca() {
    return Authorities.signing(proposer.state());
  }

  /** As if it had lost the leadership. */
  synchronized void stepDown() {
    leading = null;
  }

  Outcome.Done must(Command command) {
    Outcome outcome = proposer.propose(command);
    if (outcome instanceof Outcome.Done done) {
      return done;
    }
    throw new AssertionError(command + ": " + outcome);
  }

  ClusterState state() {
    return proposer.state();
  }

  String workerToken() {
    ClusterRecord cluster = Objects.requireNonNull(state().cluster());
    return cluster.workerToken();
  }

  NodeIdentity join(String hostname) throws InterruptedException {
    return JoinClient.join(
        List.of(identity.controlAddress()),
        workerToken(),
        new JoinClient.Applicant("active", description(hostname), null, 2377, null));
  }

  static Nodes.NodeDescription description(String hostname) {
    return new Nodes.NodeDescription(
        hostname,
        new Nodes.Platform("x86_64", "linux"),
        new Nodes.Resources(1, 1),
        new Nodes.Engine("0.1.0", CommandFormat.labels()));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    liveness.close();
    log.close();
  }
}
