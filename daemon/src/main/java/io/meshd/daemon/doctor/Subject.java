package io.meshd.daemon.doctor;

import io.meshd.api.Checkups;
import io.meshd.daemon.ingress.BindError;
import io.meshd.daemon.ingress.PortStatus;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.dataplane.Dataplane;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * This node, as far as the checks look into it.
 *
 * @param ports every published port of this node
 * @param bindErrors those that it cannot answer
 * @param counters of the whole daemon
 * @param certificate this node's own
 * @param dataPort UDP, VXLAN's
 * @param gossipPort UDP and TCP
 * @param dataDir where the state is kept
 */
public record Subject(
    String nodeId,
    ClusterState state,
    Dataplane dataplane,
    List<PortStatus> ports,
    List<BindError> bindErrors,
    Supplier<Map<String, Long>> counters,
    X509Certificate certificate,
    int dataPort,
    int gossipPort,
    Members members,
    Clocks clocks,
    Path dataDir) {

  /** Asks a member of the gossip whether it answers. */
  @FunctionalInterface
  public interface Members {
    CompletableFuture<Reached> reach(String nodeId, Duration timeout);
  }

  /** By what it answers. */
  public record Reached(boolean udp, boolean tcp) {}

  /** Asks another node's :2377 for the time. */
  @FunctionalInterface
  public interface Clocks {
    /**
     * @param padding characters that its answer is to be longer, 1 Mi at most
     * @throws IOException in words when it does not answer
     */
    Checkups.Time ask(NodeRecord node, int padding) throws IOException, InterruptedException;
  }

  /** Null in the moment before this node is in its own state. */
  @Nullable NodeRecord self() {
    return state.nodes().get(nodeId);
  }

  String hostname() {
    NodeRecord self = self();
    return self == null ? nodeId : self.hostname();
  }

  /** All others that are up, as the leader sees them, by name. */
  List<NodeRecord> others() {
    return state.nodes().values().stream()
        .filter(node -> !node.id().equals(nodeId) && node.takesNew())
        .sorted(Comparator.comparing(NodeRecord::hostname).thenComparing(NodeRecord::id))
        .toList();
  }

  /** A node's address without the port of its :2377. */
  static String addressOf(NodeRecord node) {
    String control = node.controlAddress();
    return control.substring(0, control.lastIndexOf(':'));
  }

  /** As people know it: n2 (10.99.0.2). */
  static String named(NodeRecord node) {
    return node.hostname() + " (" + addressOf(node) + ")";
  }
}
