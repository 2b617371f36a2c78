package io.meshd.daemon.control;

import io.meshd.api.Nodes;
import io.meshd.daemon.security.NodeCredentials;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord;
import java.io.IOException;
import java.time.Duration;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the cluster what this node is, until the state says so too: its machine and daemon, which
 * may be others after a restart, its Docker Engine, which may come and go, of which authority its
 * certificate is and whom it trusts. A CA is replaced only when every node has said that it is
 * ready for it, and a later format is written to the managers' log only when every manager has said
 * that it knows it.
 */
public final class SelfDescription implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SelfDescription.class);
  private static final Duration LOOK = Duration.ofSeconds(1);

  private final String self;
  private final Supplier<Nodes.NodeDescription> own;
  private final NodeCredentials credentials;
  private final Supplier<ClusterState> state;
  private final Sink sink;
  private final Thread thread;

  /** Where it is told; to be tried again when that fails. */
  @FunctionalInterface
  public interface Sink {
    void tell(Nodes.NodeDescription own) throws IOException, InterruptedException;
  }

  /**
   * @param self this node's ID
   * @param own machine, daemon and Docker Engine, as they are now
   */
  public SelfDescription(
      String self,
      Supplier<Nodes.NodeDescription> own,
      NodeCredentials credentials,
      Supplier<ClusterState> state,
      Sink sink) {
    this.self = self;
    this.own = own;
    this.credentials = credentials;
    this.state = state;
    this.sink = sink;
    this.thread = Thread.ofVirtual().name("self-description").unstarted(this::run);
  }

  public void start() {
    thread.start();
  }

  private void run() {
    try {
      while (true) {
        NodeRecord me = state.get().nodes().get(self);
        Nodes.NodeDescription now = own.get().withTls(Authorities.shown(credentials));
        if (me != null && !now.equals(me.description())) {
          try {
            sink.tell(now);
          } catch (IOException e) {
            LOG.debug("the cluster does not take what this node is: {}", ErrorText.of(e));
          }
        }
        Thread.sleep(LOOK);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
