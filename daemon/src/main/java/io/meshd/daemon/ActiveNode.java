package io.meshd.daemon;

import io.meshd.api.Checkups.Finding;
import io.meshd.api.Mesh;
import io.meshd.daemon.control.ClusterClient;
import io.meshd.daemon.control.KeyRotator;
import io.meshd.daemon.control.NodeClient;
import io.meshd.daemon.control.NodeLiveness;
import io.meshd.daemon.doctor.NodeDoctor;
import io.meshd.daemon.doctor.Subject;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.linux.LinuxException;
import io.meshd.daemon.linux.NodeBridges;
import io.meshd.daemon.metrics.Readings;
import io.meshd.daemon.peers.PeerFacts.Life;
import io.meshd.daemon.plugin.ManagedPlugin;
import io.meshd.daemon.rest.HealthRoutes;
import io.meshd.daemon.rest.HostNetworks;
import io.meshd.daemon.security.NodeIdentity;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.StateListener;
import io.meshd.daemon.state.TaskRecord;
import io.meshd.daemon.systemd.Watchdog;
import io.meshd.daemon.tasks.LocalTasks;
import io.meshd.daemon.tasks.TaskLogs;
import io.meshd.daemon.trace.NodeTrace;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node in a cluster: its membership and the work it does for it. The work goes on, whatever the
 * membership becomes.
 */
final class ActiveNode implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ActiveNode.class);

  private final StateListener onLook;
  private Standing standing;
  private volatile Member member;
  private @Nullable StateGate gate;
  private final NodeWork work;
  private final ClusterClient nodes;
  private final NodeClient reader;

  /** Opens a membership. */
  @FunctionalInterface
  interface Opening {
    Member of(Standing standing) throws IOException, InterruptedException;
  }

  /**
   * Opens the membership, and takes up the node's work without doing any yet.
   *
   * @param onLook told every state that the membership brings, up to date or not
   * @throws IOException in one sentence when the node's work cannot begin
   */
  ActiveNode(MeshdConfig config, Standing standing, Opening opening, StateListener onLook)
      throws IOException, InterruptedException {
    this.standing = standing;
    this.member = opening.of(standing);
    this.onLook = onLook;
    try {
      work = new NodeWork(config, member.identity(), this::report, this::registryAuth);
    } catch (IOException | RuntimeException e) {
      member.close();
      throw e;
    }
    nodes = ClusterClient.ofNodes(member.credentials());
    reader = new NodeClient(nodes);
  }

  private void report(List<Command.Report> reports) throws IOException, InterruptedException {
    member.reports().report(reports);
  }

  private @Nullable String registryAuth(String taskId) {
    TaskRecord task = member.state().tasks().get(taskId);
    return task == null || task.registryAuth() == null ? null : task.registryAuth().header();
  }

  void start() {
    attach(member);
    work.start();
  }

  private synchronized void attach(Member to) {
    StateGate opening = new StateGate(work.states(), to::upToDate);
    gate = opening;
    if (to instanceof ManagerMember manager) {
      manager.trust(this::heardOf);
      manager.askHolders(this::keysOf);
    }
    to.subscribe(opening);
    to.start();
    opening.openWhen(to::onItsOwn);
    to.subscribe(onLook);
  }

  /**
   * The node in another role: what it was goes on until it is that.
   *
   * @throws IOException in words when it cannot be; it stays what it was
   */
  synchronized void become(NodeIdentity identity, Opening opening)
      throws IOException, InterruptedException {
    Standing next = standing.as(identity);
    Member opened = opening.of(next);
    Member before = detach();
    standing = next;
    member = opened;
    attach(opened);
    before.close();
  }

  /** The same node with a membership that cannot be open beside the one before. */
  void reopen(Opening opening) throws IOException, InterruptedException {
    reopenAs(standing.identity(), opening);
  }

  /** As {@link #become}, where the one before is to be closed first. */
  synchronized void reopenAs(NodeIdentity identity, Opening opening)
      throws IOException, InterruptedException {
    detach().close();
    standing = standing.as(identity);
    member = opening.of(standing);
    attach(member);
  }

  private Member detach() {
    if (gate != null) {
      gate.close();
    }
    return member;
  }

  /** Before an end that tasks and other nodes are not to feel; takes a second. */
  void windDown(boolean succeeded) {
    member.sayPause();
    work.windDown(succeeded);
  }

  private NodeLiveness.Word heardOf(String nodeId) {
    return switch (work.peers().life(nodeId)) {
      case null -> NodeLiveness.Word.NONE;
      case THERE -> NodeLiveness.Word.ALIVE;
      case SUSPECTED -> NodeLiveness.Word.SUSPECT;
      case GONE -> NodeLiveness.Word.DEAD;
    };
  }

  private KeyRotator.Standing keysOf(String nodeId) {
    Life life = work.peers().life(nodeId);
    return new KeyRotator.Standing(
        life == Life.THERE || life == Life.SUSPECTED, work.peers().rings(nodeId));
  }

  Member member() {
    return member;
  }

  ManagedPlugin managedPlugin() {
    return work.managedPlugin();
  }

  LocalTasks tasks() {
    return work.tasks();
  }

  TaskLogs logs() {
    return work.logs();
  }

  HealthRoutes.@Nullable Served served() {
    return work.served();
  }

  List<Watchdog.Part> parts() {
    return work.parts();
  }

  Map<String, Long> counters() {
    Map<String, Long> all = new TreeMap<>(work.counters());
    all.putAll(member.counters());
    return all;
  }

  Mesh.@Nullable Gossip gossip() {
    return work.peers().view();
  }

  NodeTrace trace() {
    return work.trace();
  }

  /**
   * What this node finds when it examines itself.
   *
   * @param clocks asks another node for the time
   */
  List<Finding> examine(Subject.Clocks clocks) throws InterruptedException {
    return NodeDoctor.examine(
        work.subject(member.state(), member.credentials().certificate(), this::counters, clocks));
  }

  /** What the metrics show, but for the counters. */
  Readings.Node readings() {
    return new Readings.Node(
        member.identity().nodeId(),
        member.state(),
        member.proposer() != null,
        work.ports(),
        work.passes(),
        gossip(),
        member.log());
  }

  HostNetworks hostNetworks() {
    NodeBridges.Subnets subnets = work.subnets();
    return new HostNetworks(
        subnets.local(),
        NodeBridges.gatewayOf(subnets.local()),
        subnets.gateway(),
        NodeBridges.gatewayOf(subnets.gateway()));
  }

  InputStream readFrom(NodeRecord node, String pathAndQuery) throws IOException {
    try {
      return reader.open(node.id(), node.controlAddress(), pathAndQuery);
    } catch (ApiException e) {
      throw new IOException(e.text());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** Ends the membership's work for good: tasks end, devices go. */
  void leave() {
    member.sayGoodbye();
    try {
      work.leave();
    } catch (LinuxException e) {
      LOG.warn("left, but not everything could be removed: {}", e.getMessage());
    }
    close();
  }

  @Override
  public void close() {
    work.close();
    nodes.close();
    member.close();
  }

  /**
   * Holds back states until one is known to be the cluster's, or there is none to be had: a task
   * that was replaced while this node was away must end before anything is forwarded for it.
   */
  private static final class StateGate implements StateListener {
    private final StateListener behind;
    private final BooleanSupplier upToDate;
    private ClusterState newest = ClusterState.empty();
    private boolean open;
    private boolean closed;

    StateGate(StateListener behind, BooleanSupplier upToDate) {
      this.behind = behind;
      this.upToDate = upToDate;
    }

    @Override
    public synchronized void onState(ClusterState state) {
      newest = state;
      open |= upToDate.getAsBoolean();
      if (open && !closed) {
        behind.onState(state);
      }
    }

    /** Nothing more goes through. */
    synchronized void close() {
      closed = true;
    }

    /** Also where the watch opens with nothing new to tell. */
    void openWhen(Predicate<Duration> onItsOwn) {
      Thread.ofVirtual()
          .name("state-gate")
          .start(
              () -> {
                long start = System.nanoTime();
                while (!upToDate.getAsBoolean()
                    && !onItsOwn.test(Duration.ofNanos(System.nanoTime() - start))) {
                  try {
                    Thread.sleep(20);
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return;
                  }
                }
                synchronized (this) {
                  if (!open && !closed) {
                    open = true;
                    behind.onState(newest);
                  }
                }
              });
    }
  }
}
