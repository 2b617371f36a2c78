package io.meshd.daemon;

import io.meshd.api.Nodes;
import io.meshd.api.Swarm;
import io.meshd.daemon.backup.Backup;
import io.meshd.daemon.command.Ids;
import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.command.RaftProposer;
import io.meshd.daemon.control.ClusterBirth;
import io.meshd.daemon.control.ControlRoutes;
import io.meshd.daemon.control.JoinClient;
import io.meshd.daemon.control.SwarmControl;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.ApiServer;
import io.meshd.daemon.http.Exchange;
import io.meshd.daemon.linux.PortHolder;
import io.meshd.daemon.rest.HealthRoutes;
import io.meshd.daemon.rest.HostFacts;
import io.meshd.daemon.rest.HostNetworks;
import io.meshd.daemon.rest.RestApi;
import io.meshd.daemon.security.ClusterCa;
import io.meshd.daemon.security.IdentityStore;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.security.TlsContexts;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.Outcome;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node and its membership.
 *
 * <pre>
 *   inactive --init--> active (manager)     identity on disk = active after a restart
 *   inactive --join--> active (worker)
 *   active --leave--> inactive
 * </pre>
 *
 * The API's unix socket is open in every state; :2377 only in a cluster.
 */
final class MeshdNode implements SwarmControl, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MeshdNode.class);
  private static final String VERSION = "0.1.0";

  // moby daemon/cluster/errors.go and swarm.go
  private static final String IN_SWARM =
      "This node is already part of a swarm. Use \"docker swarm leave\" to leave this swarm and"
          + " join another one.";
  private static final String NO_MANAGER =
      "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster"
          + " state. Please run this command on a manager node or promote the current node to a"
          + " manager.";
  private static final String NOT_IN_SWARM = "This node is not part of a swarm";
  private static final String LAST_MANAGER =
      "You are attempting to leave the swarm on a node that is participating as a manager."
          + " Removing the last manager erases all current state of the swarm. Use `--force` to"
          + " ignore this message.";

  private final MeshdConfig config;
  private final IdentityStore identities;
  private final Ids ids = Ids.random();
  private final HostFacts host;
  private final ApiServer server;
  private @Nullable ApiServer health;
  private volatile @Nullable ActiveNode active;

  MeshdNode(MeshdConfig config) {
    this.config = config;
    this.identities = new IdentityStore(config.dataDir());
    this.host = named(HostFacts.read(VERSION), config.hostname());
    this.server = new ApiServer(RestApi.serverSettings(host));
  }

  /**
   * Takes up the membership that is on disk, and answers.
   *
   * @throws IOException in one sentence
   */
  synchronized void start() throws IOException {
    new RestApi(
            this,
            (exchange, _) -> forward(exchange),
            () -> ofActive(ActiveNode::tasks),
            this::readFrom,
            MeshdNode::portHolder,
            () -> or(ofActive(ActiveNode::hostNetworks), new HostNetworks(null, null, null, null)),
            this::counters,
            () -> ofActive(ActiveNode::gossip),
            host,
            Clock.systemUTC())
        .addTo(server.routes());
    ControlRoutes.register(server.routes(), () -> ofActive(node -> node.member().controlRoutes()));
    NodeIdentity identity = identities.load();
    if (identity != null) {
      activate(member(identity));
    }
    server.openUnix(config.socket());
    InetSocketAddress healthAddr = config.healthAddr();
    if (healthAddr != null) {
      ApiServer door = new ApiServer(RestApi.serverSettings(host));
      health = door;
      new HealthRoutes(() -> ofActive(ActiveNode::served)).addTo(door.routes());
      door.openPlain(healthAddr);
    }
  }

  /** Null while this node is in no cluster, or has no such part. */
  private <T> @Nullable T ofActive(Function<ActiveNode, @Nullable T> part) {
    ActiveNode now = active;
    return now == null ? null : part.apply(now);
  }

  private Map<String, Long> counters() {
    Map<String, Long> all = new TreeMap<>(or(ofActive(ActiveNode::counters), Map.of()));
    all.putAll(server.counters());
    return all;
  }

  private static <T> T or(@Nullable T value, T otherwise) {
    return value == null ? otherwise : value;
  }

  private static HostFacts named(HostFacts machine, String hostname) {
    return new HostFacts(
        machine.engineVersion(),
        hostname,
        machine.operatingSystem(),
        machine.architecture(),
        machine.kernelVersion(),
        machine.cpus(),
        machine.memoryBytes());
  }

  private Member member(NodeIdentity identity) throws IOException {
    if (!identity.manager()) {
      return new WorkerMember(identity, identities, stateFile());
    }
    ClusterCa ca = identities.loadCa();
    if (ca == null) {
      throw new IOException(
          "the key of the cluster's CA is missing in " + config.dataDir() + ": this is a manager");
    }
    return new ManagerMember(identity, ca, identities, logFolder());
  }

  /** Owns the member from here on, also when this fails. */
  private void activate(Member member) throws IOException {
    try {
      StartupChecks.checkPort(config.listenAddr());
    } catch (StartupException e) {
      member.close();
      throw new IOException(e.getMessage(), e);
    }
    ActiveNode node = new ActiveNode(config, member);
    try {
      server.openTls(config.listenAddr(), TlsContexts.server(member.credentials()));
    } catch (IOException e) {
      node.close();
      throw e;
    }
    active = node;
    node.start();
  }

  private Path logFolder() {
    return config.dataDir().resolve("raft");
  }

  private Path stateFile() {
    return config.dataDir().resolve("state.json");
  }

  @Override
  public synchronized String init(Swarm.InitRequest request) {
    requireInactive();
    ClusterBirth birth = ClusterBirth.of(MembershipRequests.plan(request, description()), ids);
    return guarded(
        () -> found(birth.identity(), birth.ca(), List.of(birth.init(), birth.node()), "began"));
  }

  /** The identity is written last: a crash before leaves a log that belongs to nobody. */
  private String found(NodeIdentity identity, ClusterCa ca, List<Command> entries, String verb)
      throws IOException {
    deleteAll(logFolder());
    ManagerMember member = new ManagerMember(identity, ca, identities, logFolder());
    if (member.found(entries) instanceof Outcome.Refused refused) {
      member.close();
      deleteAll(logFolder());
      throw new ApiException(refused.reason().httpStatus(), refused.message());
    }
    activate(member);
    identities.save(identity, ca);
    LOG.info("node {} {} cluster {}", identity.nodeId(), verb, identity.clusterId());
    return identity.nodeId();
  }

  @Override
  public byte[] backup() {
    ActiveNode now = active;
    if (now == null) {
      throw new ApiException(503, NOT_IN_SWARM);
    }
    if (!(now.member() instanceof ManagerMember manager)) {
      throw new ApiException(503, NO_MANAGER);
    }
    if (manager.proposer() == null) {
      throw new ApiException(503, RaftProposer.NO_LEADER);
    }
    return manager.backup().toFile();
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
    return guarded(
        () ->
            found(
                backup.identity(),
                backup.ca(),
                backup.commands(Instant.now().toString()),
                "took up again"));
  }

  @Override
  public synchronized void join(Swarm.JoinRequest request) {
    requireInactive();
    JoinClient.Applicant applicant = MembershipRequests.applicant(request, description());
    guarded(
        () -> {
          NodeIdentity identity =
              JoinClient.join(MembershipRequests.managers(request), request.joinToken(), applicant);
          Files.deleteIfExists(stateFile());
          activate(member(identity));
          identities.save(identity, null);
          LOG.info("node {} joined cluster {}", identity.nodeId(), identity.clusterId());
          return identity.nodeId();
        });
  }

  @Override
  public synchronized void leave(boolean force) {
    ActiveNode now = active;
    if (now == null) {
      throw new ApiException(503, NOT_IN_SWARM);
    }
    if (now.member().identity().manager() && !force) {
      throw new ApiException(503, LAST_MANAGER);
    }
    guarded(
        () -> {
          // Out first: after a crash from here on, the node is in no cluster.
          identities.delete();
          active = null;
          server.closeTls();
          now.leave();
          deleteAll(logFolder());
          Files.deleteIfExists(stateFile());
          return "";
        });
  }

  private void requireInactive() {
    if (active != null) {
      throw new ApiException(503, IN_SWARM);
    }
  }

  private Nodes.NodeDescription description() {
    return new Nodes.NodeDescription(
        host.hostname(),
        new Nodes.Platform(host.architecture(), "linux"),
        new Nodes.Resources(host.cpus() * 1_000_000_000L, host.memoryBytes()),
        new Nodes.Engine(host.engineVersion()));
  }

  /** What keeps a node from its work is the caller's to know, in words. */
  private <T> T guarded(Step<T> step) {
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

  private void forward(Exchange exchange) throws InterruptedException {
    if (ofActive(ActiveNode::member) instanceof WorkerMember worker) {
      worker.forwarder().forward(exchange);
    } else {
      throw new ApiException(503, RaftProposer.NO_LEADER);
    }
  }

  private static Optional<String> portHolder(String protocol, @Nullable String address, int port) {
    return PortHolder.serving(protocol, address, port)
        .filter(holder -> holder.pid() != ProcessHandle.current().pid())
        .map(PortHolder::toString);
  }

  private InputStream readFrom(NodeRecord node, String pathAndQuery) throws IOException {
    ActiveNode now = active;
    if (now == null) {
      throw new IOException(NOT_IN_SWARM);
    }
    return now.readFrom(node, pathAndQuery);
  }

  @Override
  public Membership membership() {
    ActiveNode now = active;
    if (now == null) {
      return new Membership("inactive", "", "", false, "", "", List.of());
    }
    NodeIdentity identity = now.member().identity();
    return new Membership(
        "active",
        identity.nodeId(),
        identity.advertiseAddress(),
        identity.manager(),
        identity.clusterId(),
        now.member().error(),
        now.member().managers());
  }

  @Override
  public ClusterState state() {
    return or(ofActive(node -> node.member().state()), ClusterState.empty());
  }

  @Override
  public @Nullable Proposer proposer() {
    return ofActive(node -> node.member().proposer());
  }

  @Override
  public @Nullable String leaderAddress() {
    return ofActive(node -> node.member().leaderAddress());
  }

  /** Begins nothing new and lets what is under way arrive; takes a second in a cluster. */
  synchronized void windDown() {
    ActiveNode now = active;
    if (now != null) {
      now.windDown();
    }
  }

  /** Stops answering, then working; tasks and devices stay. */
  @Override
  public synchronized void close() {
    try {
      if (health != null) {
        health.close();
      }
      server.close();
    } catch (IOException e) {
      LOG.warn("the API was not closed in order: {}", e.getMessage());
    }
    ActiveNode now = active;
    active = null;
    if (now != null) {
      now.close();
    }
  }
}
