package io.meshd.daemon.dns;

import io.meshd.daemon.linux.LinuxException;
import io.meshd.daemon.linux.NftScript;
import io.meshd.daemon.linux.NodeBridges;
import io.meshd.daemon.linux.NodeNamespace;
import io.meshd.daemon.linux.Problems;
import io.meshd.daemon.linux.ResolvConf;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.StateListener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps this node's names as the newest state has them. Beside the reconciler and not a step of it:
 * making namespaces takes its time, and a name is to be right on every node at once. That costs
 * nothing: a task's address is in every switch before it runs, and so before it has a name.
 *
 * <p>Tasks without a network of their own ask the gateway of their bridge, where only names of the
 * outside are answered. Port 53 of the host belongs to whoever publishes it, so the listeners are
 * on other ports, and rules lead the bridges' questions there.
 */
public final class NodeNames implements StateListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NodeNames.class);
  private static final int PORT = 53;
  private static final long RETRY_MILLIS = 1000;
  private static final String FAMILY = "ip";
  private static final String TABLE = "meshd_names";

  private final String nodeId;
  private final @Nullable Path hostNetns;
  private final NodeResolvers resolvers;
  private final NameServer server;
  private final Thread thread;

  // Guarded by this.
  private @Nullable ClusterState newest;
  private boolean changed;

  // The thread's own.
  private @Nullable ClusterState compiled;
  private volatile List<NetworkNames> names = List.of();
  private String lastProblem = "";

  private NodeNames(String nodeId, ThreadFactory nodeNamespaceThreads, @Nullable Path hostNetns) {
    this.nodeId = nodeId;
    this.hostNetns = hostNetns;
    this.resolvers = new NodeResolvers(ResolvConf.HOST);
    this.server = NameServer.open(PORT, nodeNamespaceThreads, resolvers);
    this.thread = Thread.ofVirtual().name("names").unstarted(this::run);
  }

  /**
   * Answers on the bridges at once, on networks from the first state on. To be called on a thread
   * of the host namespace.
   *
   * @param hostNetns the namespace of the bridges, null for the daemon's own
   */
  public static NodeNames open(
      String nodeId,
      ThreadFactory nodeNamespaceThreads,
      NodeBridges.Subnets subnets,
      @Nullable Path hostNetns)
      throws IOException {
    NodeNames names = new NodeNames(nodeId, nodeNamespaceThreads, hostNetns);
    try {
      names.listenOnBridges(subnets);
    } catch (IOException | RuntimeException e) {
      names.close();
      throw e;
    }
    names.thread.start();
    return names;
  }

  /** On both bridges: what is on {@code ingress} alone has only the way out to ask over. */
  private void listenOnBridges(NodeBridges.Subnets subnets) throws IOException {
    String gateway = NodeBridges.gatewayOf(subnets.local());
    NameServer.OutsidePorts anyones = server.listenForOutside(gateway, "0.0.0.0/0");
    String rules =
        """
          chain prerouting {
            type nat hook prerouting priority dstnat; policy accept;
        %s%s%s%s%s  }
        """
            .formatted(
                rules(NodeBridges.LOCAL, subnets.local()),
                rules(NodeBridges.GATEWAY, subnets.gateway()),
                rules("docker0", gateway, anyones),
                rules("docker_gwbridge", gateway, anyones),
                rules("br-*", gateway, anyones));
    NftScript.replaceTable(FAMILY, TABLE, rules).apply(hostNetns);
  }

  private String rules(String bridge, String subnet) throws IOException {
    String gateway = NodeBridges.gatewayOf(subnet);
    NameServer.OutsidePorts ports = server.listenForOutside(gateway, subnet);
    return """
        iifname "%1$s" ip daddr %2$s udp dport 53 redirect to :%3$d
        iifname "%1$s" ip daddr %2$s tcp dport 53 redirect to :%4$d
    """
        .formatted(bridge, gateway, ports.udp(), ports.tcp());
  }

  /** Docker's bridges: what is on no overlay has the resolver's address all the same. */
  private static String rules(String bridge, String gateway, NameServer.OutsidePorts ports) {
    return """
        iifname "%1$s" ip daddr %2$s udp dport 53 dnat to %3$s:%4$d
        iifname "%1$s" ip daddr %2$s tcp dport 53 dnat to %3$s:%5$d
    """
        .formatted(bridge, NodeNamespace.RESOLVER, gateway, ports.udp(), ports.tcp());
  }

  @Override
  public synchronized void onState(ClusterState state) {
    newest = state;
    changed = true;
    notifyAll();
  }

  private void run() {
    boolean done = true;
    try {
      for (; ; ) {
        ClusterState state = next(done ? 0 : RETRY_MILLIS);
        if (state != null) {
          done = apply(state);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  /** The newest state, when it changed or the time is up; 0: whatever time it takes. */
  private synchronized @Nullable ClusterState next(long millis) throws InterruptedException {
    long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (!changed) {
      if (millis == 0) {
        wait();
        continue;
      }
      long left = until - System.nanoTime();
      if (left <= 0) {
        break;
      }
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    changed = false;
    return newest;
  }

  private boolean apply(ClusterState state) {
    try {
      if (compiled == null || !sameNames(compiled, state)) {
        names = ZoneCompiler.compile(state, nodeId);
        compiled = state;
      }
      server.apply(withResolver(names));
      lastProblem = "";
      return true;
    } catch (IOException e) {
      if (!lastProblem.equals(e.getMessage())) {
        lastProblem = String.valueOf(e.getMessage());
        LOG.warn("{}; trying again", lastProblem);
      }
    } catch (RuntimeException e) {
      LOG.error("the names of version {} cannot be made", state.version(), e);
    }
    return false;
  }

  /** At one address for all networks, by whoever is on any of them. */
  private static List<NetworkNames> withResolver(List<NetworkNames> networks) {
    if (networks.isEmpty()) {
      return networks;
    }
    Map<Integer, Asker> askers = new HashMap<>();
    networks.forEach(network -> askers.putAll(network.askers()));
    List<NetworkNames> all = new ArrayList<>(networks);
    all.add(new NetworkNames(NodeNamespace.RESOLVER, Map.copyOf(askers)));
    return all;
  }

  /** Whether nothing changed between two versions that a name comes from. */
  @SuppressWarnings("ReferenceEquality") // versions share what did not change
  private static boolean sameNames(ClusterState one, ClusterState other) {
    return one.networks() == other.networks()
        && one.services() == other.services()
        && one.tasks() == other.tasks()
        && one.endpoints() == other.endpoints()
        && one.nodes() == other.nodes();
  }

  /**
   * What a name would be answered with; nobody is asked, and nothing is counted.
   *
   * @param gateway where the question would be asked
   * @param asker whose question it would be, dotted IPv4
   */
  public NameTrial tryName(String gateway, String asker, String name) {
    return names.stream()
        .filter(network -> network.gateway().equals(gateway))
        .findFirst()
        .map(network -> NameTrial.of(network.askers().get(Reverse.address(asker)), name))
        .orElse(new NameTrial(DnsCounter.REFUSED.label(), List.of()));
  }

  public Map<String, Long> counters() {
    return server.counters();
  }

  /** Removes what closing leaves: the rules of the bridges. */
  public void remove() throws LinuxException {
    Problems problems = new Problems();
    problems.attempt(() -> NftScript.removeTable(FAMILY, TABLE).apply(hostNetns));
    problems.throwIfAny();
  }

  @Override
  public void close() {
    thread.interrupt();
    resolvers.close();
    server.close();
  }
}
