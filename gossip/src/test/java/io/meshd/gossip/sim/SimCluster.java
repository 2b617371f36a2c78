package io.meshd.gossip.sim;

import io.meshd.gossip.membership.Peer;
import io.meshd.gossip.membership.Timing;
import io.meshd.gossip.protocol.Counters;
import io.meshd.gossip.protocol.GossipCounter;
import io.meshd.gossip.protocol.GossipNode;
import io.meshd.gossip.protocol.NoPayload;
import io.meshd.gossip.protocol.NodeConfig;
import io.meshd.gossip.protocol.PayloadDelegate;
import io.meshd.gossip.wire.Address;
import io.meshd.gossip.wire.PushPull.Liveness;
import io.meshd.gossip.wire.PushPull.NodeState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A cluster in virtual time. */
public final class SimCluster {
  private final SimNetwork network;
  private final List<SimMachine> machines = new ArrayList<>();
  private final List<GossipNode> nodes = new ArrayList<>();
  private final List<Watch> watches = new ArrayList<>();

  /** What one node saw. */
  public static final class Watch extends NoPayload {
    public final List<String> seen = new ArrayList<>();
    private final SimNetwork network;

    Watch(SimNetwork network) {
      this.network = network;
    }

    @Override
    public void changed(Peer peer, Liveness before) {
      if (peer.state() != Liveness.ALIVE || before != Liveness.LEFT) {
        seen.add(
            network.time().nanos() / 1_000_000 + " " + peer.name() + " " + peer.state().name());
      }
    }

    public boolean saw(String what) {
      return seen.stream().anyMatch(line -> line.endsWith(what));
    }
  }

  public SimCluster(long seed) {
    network = new SimNetwork(seed);
  }

  /** Nodes that find each other through the first. */
  public static SimCluster joined(int size, long seed) {
    SimCluster cluster = new SimCluster(seed);
    for (int i = 0; i < size; i++) {
      cluster.add();
      cluster.node(i).start();
    }
    return cluster;
  }

  /** Nodes that know each other from the beginning. */
  public static SimCluster whole(int size, long seed) {
    SimCluster cluster = new SimCluster(seed);
    List<NodeState> all = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      cluster.add();
      all.addAll(cluster.node(i).members().states());
    }
    for (GossipNode node : cluster.nodes) {
      node.members().restore(all);
      node.start();
    }
    return cluster;
  }

  /** One more, not started; its seed is the first. */
  public GossipNode add() {
    SimMachine machine = network.machine();
    machines.add(machine);
    nodes.add(make(nodes.size(), machine));
    return nodes.getLast();
  }

  private GossipNode make(int index, SimMachine machine) {
    Watch watch = new Watch(network);
    if (index < watches.size()) {
      watches.set(index, watch);
    } else {
      watches.add(watch);
    }
    return make(machine, name(index), machines.getFirst().address(), network, node -> watch);
  }

  /** A node on a machine. */
  public static GossipNode make(
      SimMachine machine,
      String name,
      @Nullable Address seed,
      SimNetwork network,
      Function<GossipNode, PayloadDelegate> payload) {
    GossipNode node =
        new GossipNode(
            new NodeConfig(name, machine.address(), Map.of(), Timing.lan()),
            machine,
            machine,
            network.random(),
            () -> seed == null ? List.of() : List.of(seed),
            new Counters(),
            payload);
    machine.run(node);
    return node;
  }

  public static String name(int index) {
    return "n%05d".formatted(index);
  }

  /** A killed node starts again, knowing only the seed. */
  public void restart(int index) {
    nodes.set(index, make(index, machines.get(index)));
    nodes.get(index).start();
  }

  public GossipNode node(int index) {
    return nodes.get(index);
  }

  public SimMachine machine(int index) {
    return machines.get(index);
  }

  public Watch watch(int index) {
    return watches.get(index);
  }

  public SimNetwork network() {
    return network;
  }

  public int size() {
    return nodes.size();
  }

  public void run(Duration time) {
    network.time().run(time);
  }

  /** Runs until every node but those skipped sees so many living members. */
  public boolean converges(int living, Duration most, Predicate<Integer> skip) {
    int[] from = {0};
    return network
        .time()
        .runUntil(
            () -> {
              // From where it failed last: the condition is looked at after every event.
              for (int i = 0; i < nodes.size(); i++) {
                int at = (from[0] + i) % nodes.size();
                if (!skip.test(at) && nodes.get(at).members().living() != living) {
                  from[0] = at;
                  return false;
                }
              }
              return true;
            },
            most);
  }

  public boolean converges(int living, Duration most) {
    return converges(living, most, i -> false);
  }

  /** Runs until the condition holds at every node but those skipped. */
  public boolean everywhere(
      Predicate<GossipNode> condition, Predicate<Integer> skip, Duration most) {
    int[] from = {0};
    return network
        .time()
        .runUntil(
            () -> {
              for (int i = 0; i < nodes.size(); i++) {
                int at = (from[0] + i) % nodes.size();
                if (!skip.test(at) && !condition.test(nodes.get(at))) {
                  from[0] = at;
                  return false;
                }
              }
              return true;
            },
            most);
  }

  /** Whether a node holds another for this. */
  public static Predicate<GossipNode> sees(String name, Liveness state) {
    return node -> {
      Peer peer = node.members().peer(name);
      return peer != null && peer.state() == state;
    };
  }

  /** Sum of a counter over all nodes. */
  public long sum(GossipCounter counter) {
    return nodes.stream().mapToLong(node -> node.counters().get(counter)).sum();
  }
}
