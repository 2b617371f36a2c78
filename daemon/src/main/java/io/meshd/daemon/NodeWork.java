package io.meshd.daemon;

import io.meshd.daemon.containers.ContainerSupervisor;
import io.meshd.daemon.dns.NodeNames;
import io.meshd.daemon.doctor.Subject;
import io.meshd.daemon.engine.Engine;
import io.meshd.daemon.ingress.BindError;
import io.meshd.daemon.ingress.Ingress;
import io.meshd.daemon.ingress.PortStatus;
import io.meshd.daemon.linux.LinuxException;
import io.meshd.daemon.linux.NodeBridges;
import io.meshd.daemon.linux.NodePlumbing;
import io.meshd.daemon.linux.Problems;
import io.meshd.daemon.linux.SocketKeeper;
import io.meshd.daemon.peers.Peers;
import io.meshd.daemon.plugin.ManagedPlugin;
import io.meshd.daemon.plugin.NetworkPlugin;
import io.meshd.daemon.reconcile.ContainerTaps;
import io.meshd.daemon.reconcile.PassStatus;
import io.meshd.daemon.reconcile.Reconciler;
import io.meshd.daemon.reconcile.TaskReports;
import io.meshd.daemon.rest.HealthRoutes;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NewestState;
import io.meshd.daemon.state.StateListener;
import io.meshd.daemon.systemd.Watchdog;
import io.meshd.daemon.tasks.LocalTasks;
import io.meshd.daemon.tasks.NodeTasks;
import io.meshd.daemon.tasks.TaskLogs;
import io.meshd.daemon.tasks.TaskSupervisor;
import io.meshd.daemon.trace.NodeTrace;
import io.meshd.dataplane.Dataplane;
import io.meshd.dataplane.DataplaneConfig;
import io.meshd.dataplane.Ipv4Address;
import io.meshd.dataplane.sys.Netns;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What every member of a cluster does, manager or not: frames, tasks, published ports, names, and
 * the reconciler that drives them. Closing leaves tasks, devices and addresses as they are.
 */
final class NodeWork implements AutoCloseable {
  private static final Duration WIND_DOWN = Duration.ofSeconds(1);

  /** For connections through published ports to come to their end before the daemon does. */
  private static final Duration LAST_ANSWERS = Duration.ofSeconds(2);

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final Dataplane dataplane;
  private final Ingress ingress;
  private final NodeNames names;
  private final TaskSupervisor processes;
  private final ContainerSupervisor containers;
  private final NodeTasks tasks;
  private final Peers peers;
  private final Reconciler reconciler;
  private final NewestState states = new NewestState();
  private final NetworkPlugin plugin;
  private final NodeBridges.Subnets subnets;
  private final String nodeId;
  private final int dataPort;
  private final int gossipPort;
  private final Path dataDir;

  /**
   * Takes up what an earlier daemon left, and does nothing yet.
   *
   * @param sink where the tasks' states are reported
   * @param registryAuth what the image of a task is pulled with, by the task's ID, as the newest
   *     state has it
   * @throws IOException in one sentence: a port that is taken, a device that cannot be made
   */
  NodeWork(
      MeshdConfig config,
      NodeIdentity identity,
      TaskReports.Sink sink,
      Function<String, @Nullable String> registryAuth)
      throws IOException {
    nodeId = identity.nodeId();
    dataPort = identity.dataPathPort();
    gossipPort = config.gossipPort();
    dataDir = config.dataDir();
    try {
      NodePlumbing plumbing =
          NodePlumbing.ensure(config.runDir().resolve("netns"), null, config.dataDir());
      subnets = plumbing.subnets();
      dataplane =
          keep(
              Dataplane.open(
                  new DataplaneConfig(
                      Ipv4Address.parse(identity.vtep()),
                      identity.dataPathPort(),
                      config.dataLoops(),
                      config.runDir().resolve("flows"),
                      DataplaneConfig.DEFAULT_FLOWS)));
      TaskReports reports = keep(new TaskReports(sink));
      processes =
          keep(
              new TaskSupervisor(
                  Files.createDirectories(config.dataDir().resolve("tasks")),
                  plumbing.namespaces(),
                  plumbing.hostNetns(),
                  plumbing.subnets(),
                  config.hostname(),
                  reports));
      containers =
          keep(
              new ContainerSupervisor(
                  config.dataDir().resolve("containers"),
                  new Engine(config.dockerSocket(), config.socket()),
                  registryAuth,
                  reports));
      tasks = new NodeTasks(processes, containers);
      ingress =
          keep(
              Ingress.open(
                  Netns.threadFactory(plumbing.node().path()),
                  config.ingressLoops(),
                  SocketKeeper.open(config.runDir().resolve("sockets.json"))));
      names =
          keep(
              NodeNames.open(
                  identity.nodeId(),
                  Netns.threadFactory(plumbing.node().path()),
                  plumbing.subnets(),
                  plumbing.hostNetns()));
      peers =
          keep(
              Peers.open(
                  identity.nodeId(),
                  identity.advertiseAddress(),
                  config.gossipPort(),
                  identity.vtep(),
                  this::onLiveState));
      reconciler =
          new Reconciler(
              identity.nodeId(),
              config.dataDir(),
              plumbing,
              dataplane,
              tasks,
              reports,
              ingress::apply,
              peers::announce,
              peers::holdsKeysOf);
      plugin =
          new NetworkPlugin(
              identity.nodeId(),
              new NetworkPlugin.Places(
                  config.pluginSocket(),
                  config.dockerSocket(),
                  config.socket(),
                  config.dataDir().resolve("docker-networks.json"),
                  config.dataDir().resolve("docker-plugin.json")),
              states,
              reconciler.served(),
              new ContainerTaps(dataplane, plumbing.hostNetns()));
    } catch (IOException | RuntimeException e) {
      closeOpened();
      throw e;
    }
  }

  private <T extends AutoCloseable> T keep(T part) {
    opened.push(part);
    return part;
  }

  void start() {
    reconciler.start();
    opened.push(reconciler);
    plugin.start();
    opened.push(plugin);
  }

  /** Every new version of the state goes here. */
  StateListener states() {
    return peers;
  }

  private void onLiveState(ClusterState state) {
    names.onState(state);
    states.onState(state);
    reconciler.onState(state);
  }

  /** The other nodes, as they say themselves. */
  Peers peers() {
    return peers;
  }

  /** Of this node's own bridges. */
  NodeBridges.Subnets subnets() {
    return subnets;
  }

  /** Of this node's Engine, for a Docker Swarm. */
  ManagedPlugin managedPlugin() {
    return plugin.managed();
  }

  LocalTasks tasks() {
    return processes;
  }

  /** Of all tasks. */
  TaskLogs logs() {
    return tasks;
  }

  /** What this node serves at the moment, or null before its first pass. */
  HealthRoutes.@Nullable Served served() {
    ClusterState state = reconciler.served().get();
    if (state == null) {
      return null;
    }
    Map<String, List<String>> unanswered = new TreeMap<>();
    for (BindError error : ingress.bindErrors()) {
      unanswered
          .computeIfAbsent(error.serviceName(), name -> new ArrayList<>())
          .add(error.message());
    }
    return new HealthRoutes.Served(state, nodeId, unanswered);
  }

  /** The threads without which this node does not do its work. */
  List<Watchdog.Part> parts() {
    List<Watchdog.Part> parts = new ArrayList<>(Watchdog.partsOf("data", dataplane.loops()));
    parts.addAll(Watchdog.partsOf("ingress", ingress.loops()));
    parts.add(new Watchdog.Part("reconcile", reconciler::sign));
    return parts;
  }

  /** What this node knows of a packet's way. */
  NodeTrace trace() {
    return new NodeTrace(dataplane, names, ingress);
  }

  /**
   * This node as its checks look into it.
   *
   * @param counters of the whole daemon
   * @param clocks asks other nodes
   */
  Subject subject(
      ClusterState state,
      X509Certificate certificate,
      Supplier<Map<String, Long>> counters,
      Subject.Clocks clocks) {
    return new Subject(
        nodeId,
        state,
        dataplane,
        ingress.ports(),
        ingress.bindErrors(),
        counters,
        certificate,
        dataPort,
        gossipPort,
        (id, timeout) ->
            peers
                .reach(id, timeout)
                .thenApply(reach -> new Subject.Reached(reach.packets(), reach.streams())),
        clocks,
        dataDir);
  }

  /** Every published port of this node. */
  List<PortStatus> ports() {
    return ingress.ports();
  }

  PassStatus passes() {
    return reconciler.status();
  }

  /** Of the data plane, of the ingress and of the names. */
  Map<String, Long> counters() {
    Map<String, Long> all = new TreeMap<>(dataplane.counters());
    all.putAll(ingress.counters());
    all.putAll(names.counters());
    return all;
  }

  /**
   * What is on its way here still arrives until others have heard that this node pauses, and short
   * requests are answered. New connections are refused at once, or taken until then and wait for
   * the next meshd.
   */
  void windDown(boolean succeeded) {
    plugin.close();
    reconciler.close();
    try {
      if (succeeded) {
        Thread.sleep(WIND_DOWN);
        ingress.handOver(LAST_ANSWERS);
      } else {
        ingress.stopListening();
        Thread.sleep(WIND_DOWN);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends the tasks and removes everything that was made for them. */
  void leave() throws LinuxException {
    Problems problems = new Problems();
    peers.leave();
    // In this order: the Engine tells the plugin what the containers of tasks give back.
    problems.attempt(reconciler::leave);
    containers.close();
    problems.attempt(plugin::leave);
    problems.attempt(names::remove);
    problems.throwIfAny();
  }

  @Override
  public void close() {
    closeOpened();
  }

  private void closeOpened() {
    Problems problems = new Problems();
    while (!opened.isEmpty()) {
      AutoCloseable part = opened.pop();
      problems.attempt(
          () -> {
            try {
              part.close();
            } catch (IOException | RuntimeException e) {
              throw e;
            } catch (Exception e) {
              throw new IOException(e);
            }
          });
    }
  }
}
