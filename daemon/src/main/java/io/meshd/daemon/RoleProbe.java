package io.meshd.daemon;

import io.meshd.daemon.control.ErrorText;
import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.security.NodeKeys;
import io.meshd.daemon.security.NodeRole;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks, for a manager that has had no leader for a while, what it is: it may have been demoted or
 * removed while it was away, and the others let it into their log no more, so that no state tells.
 */
final class RoleProbe implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RoleProbe.class);
  private static final Duration LOOK = Duration.ofSeconds(1);
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  private final ManagerMember manager;
  private final Consumer<NodeRole> heard;
  private final Thread thread;
  private volatile String refusal = "";

  RoleProbe(ManagerMember manager, Consumer<NodeRole> heard) {
    this.manager = manager;
    this.heard = heard;
    this.thread = Thread.ofVirtual().name("role-probe").unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  /** Why the other managers refuse this node, in words, or empty. */
  String refusal() {
    return refusal;
  }

  private void run() {
    String request = NodeKeys.request(NodeKeys.generate());
    long led = System.nanoTime();
    try {
      for (; ; ) {
        Thread.sleep(LOOK);
        if (manager.hasLeader()) {
          led = System.nanoTime();
          refusal = "";
        } else if (System.nanoTime() - led > PATIENCE.toNanos()) {
          ask(request);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  private void ask(String request) throws InterruptedException {
    try {
      NodeRole role = NodeCredentials.roleOf(manager.askCertificate(request));
      if (role != null) {
        heard.accept(role);
      }
    } catch (IOException e) {
      refusal = ErrorText.of(e);
      LOG.debug("no manager says what this node is: {}", refusal);
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
