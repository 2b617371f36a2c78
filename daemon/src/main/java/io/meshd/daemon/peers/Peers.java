package io.meshd.daemon.peers;

import io.meshd.api.Mesh;
import io.meshd.daemon.peers.PeerFacts.Life;
import io.meshd.daemon.state.ClusterRecord;
import io.meshd.daemon.state.ClusterState;
import io.meshd.daemon.state.NodeRecord;
import io.meshd.daemon.state.StateListener;
import io.meshd.gossip.Gossip;
import io.meshd.gossip.GossipConfig;
import io.meshd.gossip.membership.Timing;
import io.meshd.gossip.protocol.Reach;
import io.meshd.gossip.wire.Address;
import io.meshd.gossip.wire.Bytes;
import io.meshd.gossip.wire.KeyRing;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node among the others. Takes every version of the state and gives it on to one listener as
 * it is now ({@link LiveState}), again whenever another node says something new; tells the others
 * what this node has.
 *
 * <p>Nothing is said before the first {@link #announce}: what is told first is what this run of the
 * daemon begins with, and replaces what the others know of the run before. Until the state has
 * keys, nothing is said either: gossip is never sent in clear.
 */
public final class Peers implements StateListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Peers.class);

  /** UDP and TCP, as Swarm's, where no other is chosen. */
  public static final int PORT = 7946;

  private static final long LEAVE_SECONDS = 5;

  private static final String VTEP_TAG = "vtep";

  /** {@link ClusterRecord#ringsDigest} of what the node holds. */
  static final String RINGS_TAG = "rings";

  private final String self;
  private final int port;
  private final String vtep;
  private final StateListener live;
  private final PeerTable table;
  private final Gossip gossip;
  private final Thread thread;

  /** By network, by endpoint ID; the caller's of announce. */
  private final Map<String, Map<String, Presence>> announced = new HashMap<>();

  // Guarded by this.
  private @Nullable ClusterState newest;
  private boolean changed;
  private List<String> keys = List.of();
  private String rings = "";
  private boolean announcedOnce;
  private boolean started;

  private volatile Collection<Address> seeds = List.of();

  /**
   * Binds UDP and TCP and is silent.
   *
   * @param self node ID
   * @param address where the others reach this node, without port
   * @param port UDP and TCP, of every node
   * @param vtep underlay address for VXLAN
   * @param live gets the states, on a thread of this
   * @throws IOException when the port is taken
   */
  public static Peers open(String self, String address, int port, String vtep, StateListener live)
      throws IOException {
    return new Peers(self, address, port, vtep, live);
  }

  private Peers(String self, String address, int port, String vtep, StateListener live)
      throws IOException {
    this.self = self;
    this.port = port;
    this.vtep = vtep;
    this.live = live;
    this.table = new PeerTable(self, this::wake);
    gossip =
        Gossip.open(
            new GossipConfig(
                self,
                new InetSocketAddress(port),
                addressOf(address),
                System.currentTimeMillis(),
                Map.of(VTEP_TAG, vtep),
                "",
                null,
                () -> seeds,
                Timing.lan()),
            table);
    thread = Thread.ofPlatform().daemon().name("peers").start(this::run);
  }

  private Address addressOf(String ip) {
    return Address.of(new InetSocketAddress(InetAddress.ofLiteral(ip), port));
  }

  @Override
  public void onState(ClusterState state) {
    seeds =
        state.nodes().values().stream().filter(n -> !n.id().equals(self)).map(this::seed).toList();
    synchronized (this) {
      newest = state;
      useKeys(state.cluster());
    }
    wake();
  }

  private Address seed(NodeRecord node) {
    String control = node.controlAddress();
    return addressOf(control.substring(0, control.lastIndexOf(':')));
  }

  private synchronized void useKeys(@Nullable ClusterRecord cluster) {
    if (cluster == null || cluster.gossipKeys().equals(keys)) {
      return;
    }
    keys = cluster.gossipKeys();
    List<Bytes> ring = new ArrayList<>();
    for (String key : keys) {
      ring.add(Bytes.owning(Base64.getDecoder().decode(key)));
    }
    if (!ring.isEmpty()) {
      gossip.keys(KeyRing.of(ring));
    }
    startWhenReady();
  }

  /**
   * Tells the others which rings this node holds: gossip's, which are used before anything else of
   * a state is, and the switch's, where those of this state are in place now.
   */
  public synchronized void holdsKeysOf(ClusterState state) {
    ClusterRecord cluster = state.cluster();
    String digest = cluster == null ? "" : cluster.ringsDigest();
    if (!digest.equals(rings)) {
      rings = digest;
      var _ = gossip.retag(Map.of(VTEP_TAG, vtep, RINGS_TAG, digest));
    }
  }

  /** What a node says of the rings it holds, this one too; null where it says nothing. */
  public @Nullable String rings(String nodeId) {
    if (!nodeId.equals(self)) {
      return table.rings(nodeId);
    }
    synchronized (this) {
      return rings;
    }
  }

  private synchronized void startWhenReady() {
    if (!started && announcedOnce && !keys.isEmpty()) {
      started = true;
      var _ = gossip.start();
    }
  }

  private synchronized void wake() {
    changed = true;
    notifyAll();
  }

  private void run() {
    try {
      for (; ; ) {
        ClusterState state = next();
        try {
          live.onState(LiveState.of(state, table.facts(), self));
        } catch (RuntimeException e) {
          LOG.error("version {} cannot be passed on", state.version(), e);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  private synchronized ClusterState next() throws InterruptedException {
    while (!changed || newest == null) {
      wait();
    }
    changed = false;
    return newest;
  }

  /**
   * Tells the others what this node has, whole. One thread at a time.
   *
   * @param here by network ID, of every network that this node has, by endpoint ID
   */
  public void announce(Map<String, Map<String, Presence>> here) {
    for (String network : new HashSet<>(announced.keySet())) {
      if (!here.containsKey(network)) {
        announced.remove(network);
        var _ = gossip.unfollow(network).thenRun(() -> table.forgetNetwork(network));
      }
    }
    here.forEach(
        (network, presences) -> {
          if (!announced.containsKey(network)) {
            announced.put(network, new HashMap<>());
            var _ = gossip.follow(network);
          }
          tell(network, announced.get(network), presences);
        });
    synchronized (this) {
      announcedOnce = true;
      startWhenReady();
    }
  }

  private void tell(String network, Map<String, Presence> before, Map<String, Presence> presences) {
    for (String id : new HashSet<>(before.keySet())) {
      if (!presences.containsKey(id)) {
        before.remove(id);
        var _ = gossip.withdraw(network, Payloads.BACKEND + id);
        var _ = gossip.withdraw(network, Payloads.ENDPOINT + id);
      }
    }
    presences.forEach(
        (id, presence) -> {
          if (presence.equals(before.put(id, presence))) {
            return;
          }
          var _ = gossip.publish(network, Payloads.ENDPOINT + id, Payloads.endpoint(presence));
          Bytes backend = Payloads.backend(presence);
          var _ =
              backend == null
                  ? gossip.withdraw(network, Payloads.BACKEND + id)
                  : gossip.publish(network, Payloads.BACKEND + id, backend);
        });
  }

  /** What is heard of a node; null for nothing since this daemon started. */
  public @Nullable Life life(String nodeId) {
    return table.facts().nodes().get(nodeId);
  }

  /** Whether another node's gossip answers a packet, and a stream, of this node's. */
  public CompletableFuture<Reach> reach(String nodeId, Duration timeout) {
    return gossip.reach(nodeId, timeout);
  }

  /** How gossip does, at this moment; null before there is a state. */
  public Mesh.@Nullable Gossip view() {
    ClusterState state;
    synchronized (this) {
      state = newest;
    }
    return state == null
        ? null
        : GossipView.of(self, gossip.status().join(), table.counters(), state);
  }

  /** Tells the others that this node goes for good; returns when they know, after 5 s at most. */
  public void leave() {
    try {
      gossip.leave().get(LEAVE_SECONDS, TimeUnit.SECONDS);
    } catch (java.util.concurrent.ExecutionException | TimeoutException e) {
      return; // they find out
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Without a word to the others: what this node has goes on without the daemon. */
  @Override
  public void close() {
    thread.interrupt();
    gossip.close();
  }
}
