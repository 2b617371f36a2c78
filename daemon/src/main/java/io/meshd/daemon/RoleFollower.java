package io.meshd.daemon;

import io.meshd.daemon.control.ErrorText;
import io.meshd.daemon.security.NodeRole;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.StateListener;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Sees that this node is to have another role, and has it taken; until it is, again and again. */
final class RoleFollower implements StateListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RoleFollower.class);
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final Change change;
  private String nodeId = "";
  private NodeRole role = NodeRole.WORKER;
  private @Nullable NodeRole wanted;
  private boolean running;
  private boolean closed;

  /** Takes a role; blocks. */
  @FunctionalInterface
  interface Change {
    void to(NodeRole role) throws IOException, InterruptedException;
  }

  RoleFollower(Change change) {
    this.change = change;
  }

  /** The node is this one from now on, in this role. */
  synchronized void follow(String id, NodeRole now) {
    if (!nodeId.equals(id)) {
      wanted = null;
    }
    nodeId = id;
    role = now;
  }

  @Override
  public synchronized void onState(ClusterState state) {
    NodeRecord node = state.nodes().get(nodeId);
    if (node == null) {
      return;
    }
    want(node.manager() ? NodeRole.MANAGER : NodeRole.WORKER);
  }

  /** That role was heard of on another way than by a state. */
  synchronized void want(NodeRole heard) {
    wanted = heard;
    if (wanted != role && !running && !closed) {
      running = true;
      Thread.ofVirtual().name("role").start(this::run);
    }
  }

  private void run() {
    try {
      for (NodeRole next = next(); next != null; next = next()) {
        try {
          change.to(next);
        } catch (IOException e) {
          LOG.warn("this node is to be a {}, but is not yet: {}", next.word(), ErrorText.of(e));
          Thread.sleep(PAUSE);
        } catch (RuntimeException e) {
          LOG.error("this node is to be a {}, but is not yet", next.word(), e);
          Thread.sleep(PAUSE);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized @Nullable NodeRole next() {
    if (wanted == null || wanted == role || closed) {
      running = false;
      return null;
    }
    return wanted;
  }

  @Override
  public synchronized void close() {
    closed = true;
  }
}
