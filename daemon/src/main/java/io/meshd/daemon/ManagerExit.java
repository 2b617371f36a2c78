package io.meshd.daemon;

import io.meshd.daemon.command.Proposer;
import io.meshd.daemon.control.RemoteReports;
import io.meshd.daemon.raft.ReplicatedLog;
import io.meshd.daemon.state.Command;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.Outcome;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How a manager goes without being missed: for a while, or for good. A leader hands over first. */
final class ManagerExit {
  private static final Logger LOG = LoggerFactory.getLogger(ManagerExit.class);
  private static final Duration HAND_OVER = Duration.ofSeconds(2);
  private static final Duration WAY_OUT = Duration.ofSeconds(2);
  private static final Duration LOOK = Duration.ofMillis(20);

  private final String nodeId;
  private final ReplicatedLog log;
  private final Proposer proposer;
  private final RemoteReports remote;
  private volatile boolean removed;

  ManagerExit(String nodeId, ReplicatedLog log, Proposer proposer, RemoteReports remote) {
    this.nodeId = nodeId;
    this.log = log;
    this.proposer = proposer;
    this.remote = remote;
    log.onRemoved(() -> removed = true);
  }

  /** Whether the others have taken this one out of their log. */
  boolean removed() {
    return removed;
  }

  /** Returns when the other managers have taken this one out of their log, or after a while. */
  void awaitRemoved() throws InterruptedException {
    long end = System.nanoTime() + WAY_OUT.toNanos();
    while (!removed && log.leader() != null && System.nanoTime() < end) {
      Thread.sleep(LOOK);
    }
  }

  /** Says that the daemon ends and its tasks do not. */
  void pause() {
    if (handOver()) {
      tell(remote::pause, "this daemon ends");
      return;
    }
    Outcome outcome =
        proposer.propose(
            new Command.SetNodeStatus(
                Instant.now().toString(), nodeId, NodeRecord.NodeState.DISCONNECTED, null));
    LOG.info("this node is DISCONNECTED: {}", outcome);
  }

  /** Says that this node goes for good; the last manager takes the cluster with it. */
  void leave() {
    if (log.members().size() > 1 && handOver()) {
      tell(
          () -> {
            remote.leave();
            awaitRemoved();
          },
          "this node leaves");
    }
  }

  /** Somebody else leads from now on, where anybody can. */
  private boolean handOver() {
    if (!log.isLeader()) {
      return true;
    }
    if (log.members().size() > 1) {
      try {
        log.stepDown().get(HAND_OVER.toMillis(), TimeUnit.MILLISECONDS);
        return true;
      } catch (ExecutionException | TimeoutException e) {
        LOG.info("nobody takes the lead over: {}", e.getMessage());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    return false;
  }

  @FunctionalInterface
  private interface Word {
    void say() throws IOException, InterruptedException;
  }

  private static void tell(Word word, String what) {
    try {
      word.say();
    } catch (IOException e) {
      LOG.info("no manager heard that {}: {}", what, e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
