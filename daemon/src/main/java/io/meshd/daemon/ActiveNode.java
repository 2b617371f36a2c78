package io.meshd.daemon;

import io.meshd.api.Mesh;
import io.meshd.daemon.control.ClusterClient;
import io.meshd.daemon.control.NodeClient;
import io.meshd.daemon.control.NodeLiveness;
import io.meshd.daemon.http.ApiException;
import io.meshd.daemon.linux.LinuxException;
import io.meshd.daemon.linux.NodeBridges;
import io.meshd.daemon.rest.HealthRoutes;
import io.meshd.daemon.rest.HostNetworks;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.StateListener;
import io.meshd.daemon.tasks.LocalTasks;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A node in a cluster: its membership and the work it does for it. */
final class ActiveNode implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ActiveNode.class);

  private final Member member;
  private final NodeWork work;
  private final ClusterClient nodes;
  private final NodeClient reader;

  /**
   * Owns the member from here on, also when this fails.
   *
   * @throws IOException in one sentence when the node's work cannot begin
   */
  ActiveNode(MeshdConfig config, Member member) throws IOException {
    this.member = member;
    try {
      work = new NodeWork(config, member.identity(), member.reports());
    } catch (IOException | RuntimeException e) {
      member.close();
      throw e;
    }
    nodes = ClusterClient.ofNodes(member.credentials());
    reader = new NodeClient(nodes);
  }

  void start() {
    switch (member) {
      case ManagerMember manager -> {
        manager.trust(this::heardOf);
        manager.start();
        manager.subscribe(work.states());
      }
      case WorkerMember worker -> {
        StateGate gate = new StateGate(work.states(), worker::upToDate);
        worker.subscribe(gate);
        worker.start();
        gate.openWhen(worker::onItsOwn);
      }
    }
    work.start();
  }

  /** Before an end that tasks and other nodes are not to feel; takes a second. */
  void windDown() {
    member.sayPause();
    work.windDown();
  }

  private NodeLiveness.Word heardOf(String nodeId) {
    return switch (work.peers().life(nodeId)) {
      case null -> NodeLiveness.Word.NONE;
      case THERE -> NodeLiveness.Word.ALIVE;
      case SUSPECTED -> NodeLiveness.Word.SUSPECT;
      case GONE -> NodeLiveness.Word.DEAD;
    };
  }

  Member member() {
    return member;
  }

  LocalTasks tasks() {
    return work.tasks();
  }

  HealthRoutes.@Nullable Served served() {
    return work.served();
  }

  Map<String, Long> counters() {
    return work.counters();
  }

  Mesh.@Nullable Gossip gossip() {
    return work.peers().view();
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

    StateGate(StateListener behind, BooleanSupplier upToDate) {
      this.behind = behind;
      this.upToDate = upToDate;
    }

    @Override
    public synchronized void onState(ClusterState state) {
      newest = state;
      open |= upToDate.getAsBoolean();
      if (open) {
        behind.onState(state);
      }
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
                  if (!open) {
                    open = true;
                    behind.onState(newest);
                  }
                }
              });
    }
  }
}
