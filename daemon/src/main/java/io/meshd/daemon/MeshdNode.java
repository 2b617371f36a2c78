package io.meshd.daemon;

import io.meshd.api.Nodes;
import io.meshd.api.Version;
import io.meshd.daemon.control.ControlRoutes;
import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.http.ApiServer;
import io.meshd.daemon.http.Routes;
import io.meshd.daemon.linux.PortHolder;
import io.meshd.daemon.metrics.MetricsRoutes;
import io.meshd.daemon.metrics.Readings;
import io.meshd.daemon.plugin.ManagedPluginRoutes;
import io.meshd.daemon.rest.ClusterEvents;
import io.meshd.daemon.rest.HealthRoutes;
import io.meshd.daemon.rest.HostFacts;
import io.meshd.daemon.rest.HostNetworks;
import io.meshd.daemon.rest.RestApi;
import io.meshd.daemon.state.CommandFormat;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.systemd.Watchdog;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node: its doors, and behind them its membership ({@link NodeMembership}) with the work that it
 * brings. The API's unix socket is open in every state; :2377 only in a cluster.
 */
final class MeshdNode implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MeshdNode.class);
  private static final String NOT_IN_SWARM = "This node is not part of a swarm";

  private final MeshdConfig config;
  private final HostFacts host;
  private final ApiServer server;
  private final Engine engine;
  private final ClusterEvents events = new ClusterEvents(Clock.systemUTC());
  private final NodeMembership membership;
  private final List<ApiServer> plainDoors = new ArrayList<>();

  MeshdNode(MeshdConfig config) {
    this.config = config;
    this.host = named(HostFacts.read(Version.TEXT), config.hostname());
    this.engine = new Engine(config.dockerSocket(), config.socket());
    this.server = new ApiServer(RestApi.serverSettings(host));
    this.membership =
        new NodeMembership(
            config, new ClusterDoor(server, config.listenAddr()), this::description, events);
  }

  /**
   * Takes up the membership that is on disk, and answers.
   *
   * @throws IOException in one sentence
   */
  synchronized void start() throws IOException, InterruptedException {
    new RestApi(
            membership,
            membership::forward,
            () -> ofActive(ActiveNode::tasks),
            () -> ofActive(ActiveNode::logs),
            this::readFrom,
            MeshdNode::portHolder,
            () -> or(ofActive(ActiveNode::hostNetworks), new HostNetworks(null, null, null, null)),
            this::counters,
            () -> ofActive(ActiveNode::gossip),
            () -> ofActive(node -> node.trace()::answer),
            () -> ofActive(node -> times -> node.examine(times::ask)),
            host,
            engine,
            events,
            Clock.systemUTC())
        .addTo(server.routes());
    new ManagedPluginRoutes(() -> ofActive(ActiveNode::managedPlugin)).addTo(server.routes());
    ControlRoutes.register(server.routes(), () -> ofActive(node -> node.member().controlRoutes()));
    MetricsRoutes metrics =
        new MetricsRoutes(
            () ->
                new Readings(
                    Version.TEXT, host.hostname(), counters(), ofActive(ActiveNode::readings)));
    metrics.addToSocket(server.routes());
    membership.start();
    server.openUnix(config.socket());
    open(config.healthAddr(), new HealthRoutes(() -> ofActive(ActiveNode::served))::addTo);
    open(config.metricsAddr(), metrics::addToPlain);
  }

  /** A door without encryption, where one is asked for. */
  private void open(@Nullable InetSocketAddress address, Consumer<Routes> content)
      throws IOException {
    if (address != null) {
      ApiServer door = new ApiServer(RestApi.serverSettings(host));
      plainDoors.add(door);
      content.accept(door.routes());
      door.openPlain(address);
    }
  }

  private <T> @Nullable T ofActive(Function<ActiveNode, @Nullable T> part) {
    return membership.ofActive(part);
  }

  private Map<String, Long> counters() {
    Map<String, Long> all = new TreeMap<>(or(ofActive(ActiveNode::counters), Map.of()));
    all.putAll(server.counters());
    ControlRoutes control = ofActive(node -> node.member().controlRoutes());
    all.putAll(control == null ? Map.of() : control.counters());
    return all;
  }

  /** The threads that live for as long as this node does what it is to do. */
  List<Watchdog.Part> parts() {
    List<Watchdog.Part> parts = new ArrayList<>(Watchdog.partsOf("http", server.loops()));
    parts.addAll(or(ofActive(ActiveNode::parts), List.of()));
    return parts;
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

  private Nodes.NodeDescription description() {
    return new Nodes.NodeDescription(
        host.hostname(),
        new Nodes.Platform(host.architecture(), "linux"),
        new Nodes.Resources(host.cpus() * 1_000_000_000L, host.memoryBytes()),
        new Nodes.Engine(host.engineVersion(), labels()));
  }

  private Map<String, String> labels() {
    Map<String, String> labels = new TreeMap<>(CommandFormat.labels());
    try {
      labels.put(NodeRecord.DOCKER, engine.version().newest());
    } catch (IOException | ApiException _) {
      // no containers here, for now
    }
    return labels;
  }

  private static Optional<String> portHolder(String protocol, @Nullable String address, int port) {
    return PortHolder.serving(protocol, address, port)
        .filter(holder -> holder.pid() != ProcessHandle.current().pid())
        .map(PortHolder::toString);
  }

  private InputStream readFrom(NodeRecord node, String pathAndQuery) throws IOException {
    ActiveNode now = ofActive(active -> active);
    if (now == null) {
      throw new IOException(NOT_IN_SWARM);
    }
    return now.readFrom(node, pathAndQuery);
  }

  /**
   * Begins nothing new and lets what is under way arrive; takes a second in a cluster.
   *
   * @param succeeded another meshd follows at once
   */
  void windDown(boolean succeeded) {
    membership.windDown(succeeded);
  }

  /** Stops answering, then working; tasks and devices stay. */
  @Override
  public synchronized void close() {
    try {
      for (ApiServer door : plainDoors) {
        door.close();
      }
      server.close();
    } catch (IOException e) {
      LOG.warn("the API was not closed in order: {}", e.getMessage());
    }
    membership.close();
  }
}
