package io.meshd.dataplane;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.meshd.dataplane.ForwardingSpec.Address;
import io.meshd.dataplane.ForwardingSpec.Backend;
import io.meshd.dataplane.ForwardingSpec.Balancing;
import io.meshd.dataplane.ForwardingSpec.LocalPort;
import io.meshd.dataplane.ForwardingSpec.Network;
import io.meshd.dataplane.ForwardingSpec.RemoteEndpoint;
import io.meshd.dataplane.ForwardingSpec.VirtualService;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Endpoints, networks, virtual addresses, keys, TAPs and whole data planes come and go at random on
 * two nodes while two tasks talk over a network that stays. Afterwards nothing is held that was not
 * held before, and the two have lost nothing. A few seconds; with {@code -Dmeshd.long=true} ten
 * minutes. {@code -Dmeshd.seed=S} for another order.
 */
@Timeout(1200)
class ChurnTest {
  private static final Logger LOG = LoggerFactory.getLogger(ChurnTest.class);
  private static final Duration LENGTH =
      Boolean.getBoolean("meshd.long") ? Duration.ofMinutes(10) : Duration.ofSeconds(4);
  private static final Duration WARM_UP = LENGTH.dividedBy(4);
  private static final long SEED = Long.getLong("meshd.seed", System.nanoTime());
  private static final int MOST_TAPS = 8;
  private static final int MOST_NETWORKS = 6;
  private static final long SLACK = 2 << 20;

  private final Random random = new Random(SEED);
  private final TestNamespaces namespaces = new TestNamespaces();
  private final List<Churned> nodes = new ArrayList<>();
  private String taskA;
  private String taskB;
  private volatile boolean over;
  private long changes;
  private long restarts;
  private long transfers;

  /** A node, a namespace for the TAPs that come and go, and these, by port. */
  private record Churned(
      TestNode node, String port, String task, String pool, TreeMap<String, TapAttachment> taps) {}

  @BeforeEach
  void twoNodesWithATaskEach() throws Exception {
    String nodeA = namespaces.add("nA");
    String nodeB = namespaces.add("nB");
    TestNode.join(nodeA, "10.99.0.1", nodeB, "10.99.0.2");
    TestNode a = new TestNode(namespaces, nodeA, "10.99.0.1");
    TestNode b = new TestNode(namespaces, nodeB, "10.99.0.2");
    taskA = a.task("cA", "10.0.1.3");
    taskB = b.task("cB", "10.0.1.4");
    a.remote("10.0.1.4", "10.99.0.2", false);
    b.remote("10.0.1.3", "10.99.0.1", false);
    a.service("10.0.1.2", Balancing.DEFAULT, TestNode.backend("10.0.1.4"));
    nodes.add(new Churned(a, "cA", taskA, namespaces.add("pA"), new TreeMap<>()));
    nodes.add(new Churned(b, "cB", taskB, namespaces.add("pB"), new TreeMap<>()));
    a.apply();
    b.apply();
  }

  @AfterEach
  void remove() {
    nodes.forEach(churned -> churned.node.close());
    namespaces.close();
  }

  @Test
  void nothingIsHeldThatIsNotUsedAnyMore() throws Exception {
    try (ExecutorService beside = Executors.newSingleThreadExecutor()) {
      Future<?> traffic = beside.submit(this::talk);
      churn(WARM_UP);
      Holdings before = calm();
      changes = 0;
      restarts = 0;
      churn(LENGTH);
      Holdings[] after = {calm()};
      await()
          .atMost(Duration.ofSeconds(30))
          .until(
              () -> {
                after[0] = holdings();
                return after[0].isNoMoreThan(before, SLACK);
              });
      over = true;
      traffic.get();
      LOG.info(
          "seed {}, {} changes, {} restarts, {} transfers beside: before {}, after {}",
          SEED,
          changes,
          restarts,
          transfers,
          before,
          after[0]);
      assertTrue(transfers > 0 && restarts > 0 && changes > 20);
      for (Churned churned : nodes) {
        for (String reason : List.of("malformed", "inner_malformed", "underlay_error")) {
          assertEquals(0, churned.node.counter("dropped." + reason), reason);
        }
      }
    } catch (AssertionError | Exception e) {
      over = true;
      throw new AssertionError("-Dmeshd.seed=" + SEED, e);
    }
  }

  /** Until it is over: one after the other, straight and by the virtual address. */
  private @Nullable Void talk() throws Exception {
    while (!over) {
      Transfer.check(taskA, taskB, "10.0.1.4", 3_000_000);
      Transfer.check(taskB, taskA, "10.0.1.3", 3_000_000);
      Transfer.check(taskA, taskB, "10.0.1.4", "10.0.1.2", 3_000_000);
      transfers += 3;
    }
    return null;
  }

  private void churn(Duration length) throws Exception {
    long end = System.nanoTime() + length.toNanos();
    for (int i = 0; System.nanoTime() < end; i++) {
      Churned churned = nodes.get(random.nextInt(nodes.size()));
      changes++;
      switch (random.nextInt(8)) {
        case 0, 1 -> attach(churned);
        case 2, 3 -> detach(churned);
        case 4 -> loseANamespace(churned);
        default -> apply(churned);
      }
      if (i % 40 == 20) {
        restart(churned);
      }
    }
  }

  private void attach(Churned churned) throws Exception {
    String port = "t" + random.nextInt(MOST_TAPS);
    TapAttachment tap = new TapAttachment(port, TestNamespaces.path(churned.pool), port);
    churned.node.dataplane().attachTap(tap);
    churned.taps.put(port, tap);
    if (random.nextBoolean()) {
      TestNamespaces.in(churned.pool, "ip", "link", "set", port, "up");
    }
  }

  private void detach(Churned churned) {
    if (!churned.taps.isEmpty()) {
      String port = List.copyOf(churned.taps.keySet()).get(random.nextInt(churned.taps.size()));
      churned.taps.remove(port);
      churned.node.dataplane().detachTap(port);
    }
  }

  /** With a TAP in it, of which the data plane hears only by the kernel. */
  private void loseANamespace(Churned churned) throws Exception {
    String namespace = namespaces.add("lost");
    churned
        .node
        .dataplane()
        .attachTap(new TapAttachment("lost", TestNamespaces.path(namespace), "eth0"));
    namespaces.delete(namespace);
  }

  private void restart(Churned churned) throws Exception {
    restarts++;
    churned.node.restart();
    churned
        .node
        .dataplane()
        .attachTap(new TapAttachment(churned.port, TestNamespaces.path(churned.task), "eth0"));
    for (TapAttachment tap : churned.taps.values()) {
      churned.node.dataplane().attachTap(tap);
    }
    apply(churned);
  }

  private void apply(Churned churned) {
    List<Network> all = new ArrayList<>(List.of(churned.node.network()));
    List<String> free = new ArrayList<>(churned.taps.keySet());
    int count = random.nextInt(MOST_NETWORKS + 1);
    for (int n = 0; n < count; n++) {
      all.add(network(n, free));
    }
    List<DataKey> keys = List.of(TestNode.key(random.nextInt(3)), TestNode.key(4));
    churned.node.dataplane().apply(new ForwardingSpec(all, keys));
  }

  /**
   * 10.0.10N.0/24 with up to 20 endpoints elsewhere, some of the TAPs, and virtual addresses.
   *
   * @param free ports that no network has yet
   */
  private Network network(int n, List<String> free) {
    String prefix = "10.0.10" + n + ".";
    List<LocalPort> ports = new ArrayList<>();
    while (!free.isEmpty() && random.nextInt(3) > 0) {
      ports.add(new LocalPort(free.removeLast(), TestNode.station(prefix + (10 + ports.size()))));
    }
    List<Ipv4Address> vteps = new ArrayList<>();
    for (int i = random.nextInt(4); i >= 0; i--) {
      vteps.add(Ipv4Address.parse("10.99.0." + (100 + random.nextInt(10))));
    }
    List<RemoteEndpoint> remotes = new ArrayList<>();
    for (int i = random.nextInt(20); i > 0; i--) {
      Address address = TestNode.station(prefix + (50 + i));
      remotes.add(new RemoteEndpoint(address, vteps.get(i % vteps.size())));
    }
    List<VirtualService> services = new ArrayList<>();
    for (int i = random.nextInt(4); i > 0 && !remotes.isEmpty(); i--) {
      List<Backend> backends =
          remotes.stream()
              .limit(1 + random.nextInt(3))
              .map(remote -> TestNode.backend(remote.address().ip().toString()))
              .toList();
      String vip = prefix + (200 + i);
      services.add(
          new VirtualService("s" + vip, vip, TestNode.station(vip), Balancing.DEFAULT, backends));
    }
    return new Network(
        "c" + n,
        "churn" + n,
        6000 + n,
        Ipv4Address.parse(prefix + "1"),
        null,
        ports,
        remotes,
        vteps,
        random.nextInt(4) == 0,
        services,
        ForwardingSpec.Preserved.NONE,
        random.nextInt(3) == 0);
  }

  /** What is held with everything taken away again that came. */
  private Holdings calm() {
    for (Churned churned : nodes) {
      List.copyOf(churned.taps.keySet()).forEach(churned.node.dataplane()::detachTap);
      churned.taps.clear();
      churned.node.apply();
    }
    Holdings[] last = {holdings()};
    await()
        .until(
            () -> {
              Holdings now = holdings();
              boolean rests =
                  now.devices() == last[0].devices() && now.descriptors() == last[0].descriptors();
              last[0] = now;
              return rests;
            });
    return last[0];
  }

  private Holdings holdings() {
    return Holdings.of(
        nodes.stream().flatMap(n -> List.of(n.task, n.pool, n.node.namespace).stream()).toList());
  }
}
