package io.meshd.gossip.sim;

import io.meshd.gossip.membership.Peer;
import io.meshd.gossip.protocol.GossipNode;
import io.meshd.gossip.wire.PushPull.Liveness;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * Figures of the protocol in virtual time, beside those of a model of memberlist with the same
 * timers: news told to three members every 200 ms, nothing else. Seeds are fixed.
 *
 * <pre>
 * java -Xmx8g -cp ... io.meshd.gossip.sim.GossipFigures [LARGEST]
 * </pre>
 */
public final class GossipFigures {
  /** Model: seconds until news is with 50 %, 99 % and all of n members, by "n loss". */
  private static final Map<String, String> SPREAD_MODEL =
      Map.of(
          "10 0", "0.15 0.29 0.29",
          "100 0", "0.33 0.61 0.66",
          "1000 0", "0.50 0.81 1.00",
          "10 25", "0.19 0.39 0.39",
          "100 25", "0.44 0.80 0.87",
          "1000 25", "0.63 1.04 1.29");

  /** Model: median seconds until the first member knows that one is dead. */
  private static final Map<Integer, String> DETECTION_MODEL =
      Map.of(10, "5.7", 100, "9.7", 1_000, "13.7");

  private GossipFigures() {}

  public static void main(String[] arguments) {
    int largest = arguments.length == 0 ? 5_000 : Integer.parseInt(arguments[0]);
    List<Integer> sizes =
        List.of(10, 100, 1_000, 5_000).stream().filter(n -> n <= largest).toList();
    print("time for news to reach 50 %% / 99 %% / all, median, seconds (model: memberlist)");
    print("%6s %5s %6s %6s %6s   %-16s", "n", "loss", "50 %", "99 %", "all", "model");
    for (int loss : new int[] {0, 25}) {
      for (int n : sizes) {
        double[] t = spread(n, loss / 100.0);
        String model = SPREAD_MODEL.getOrDefault(n + " " + loss, "-");
        print("%6d %4d%% %6.2f %6.2f %6.2f   %-16s", n, loss, t[0], t[1], t[2], model);
        print("value gossip-%d-loss-%d all-s %.2f", n, loss, t[2]);
      }
    }
    print("");
    print("time until a killed member is dead for the first / for all, median, seconds");
    print("%6s %6s %6s   %-6s", "n", "first", "all", "model (first)");
    for (int n : sizes) {
      double[] t = detection(n);
      print("%6d %6.1f %6.1f   %-6s", n, t[0], t[1], DETECTION_MODEL.getOrDefault(n, "-"));
      print("value gossip-%d detection-s %.1f", n, t[0]);
    }
    print("");
    print("ten minutes, a tenth of the members answer 1.5 s late: well members taken for dead");
    for (int n : sizes) {
      if (n <= 100) {
        print("%6d %d", n, falsePositives(n));
      }
    }
    print("");
    print("idle, per member: packets per second sent, bytes per second sent (with headers)");
    for (int n : sizes) {
      double[] idle = idle(n);
      print("%6d %6.2f %8.0f", n, idle[0], idle[1]);
      print("value gossip-%d idle-bytes-per-s %.0f", n, idle[1]);
    }
  }

  @SuppressWarnings("AnnotateFormatMethod")
  private static void print(String format, Object... values) {
    System.out.printf(Locale.ROOT, format + "%n", values);
  }

  private static int runs(int n) {
    return n <= 100 ? 31 : n <= 1_000 ? 7 : 3;
  }

  private static double[] spread(int n, double loss) {
    double[][] all = new double[3][runs(n)];
    for (int run = 0; run < runs(n); run++) {
      SimCluster cluster = SimCluster.whole(n, 100 + run);
      cluster.run(Duration.ofSeconds(8));
      cluster.network().loss(loss);
      GossipNode source = cluster.node(run % n);
      String name = source.members().self().name();
      source.retag(Map.of("news", "1"));
      long begin = cluster.network().time().nanos();
      int[] wanted = {(int) Math.ceil(n * 0.5), (int) Math.ceil(n * 0.99), n};
      for (int step = 0; step < 3; step++) {
        double at = reach(cluster, name, wanted[step]);
        all[step][run] = at - begin / 1e9;
      }
    }
    return Arrays.stream(all).mapToDouble(GossipFigures::median).toArray();
  }

  private static double reach(SimCluster cluster, String name, int wanted) {
    List<GossipNode> without = new ArrayList<>();
    for (int i = 0; i < cluster.size(); i++) {
      without.add(cluster.node(i));
    }
    int count = 0;
    while (count < wanted) {
      // Every millisecond: the condition costs a walk over all members.
      without.removeIf(
          node -> Objects.requireNonNull(node.members().peer(name)).tags().containsKey("news"));
      count = cluster.size() - without.size();
      if (count < wanted) {
        cluster.run(Duration.ofMillis(1));
      }
    }
    return cluster.network().time().nanos() / 1e9;
  }

  private static double[] detection(int n) {
    int runs = n <= 1_000 ? 101 : 3;
    double[][] all = new double[2][runs];
    SimCluster cluster = SimCluster.whole(n, 200);
    for (int run = 0; run < runs; run++) {
      cluster.run(Duration.ofMillis(5_000 + 37L * run));
      int victim = 1 + run % (n - 1);
      cluster.machine(victim).kill();
      long begin = cluster.network().time().nanos();
      double first = -1;
      boolean done = false;
      while (!done) {
        cluster.run(Duration.ofMillis(20));
        int dead = 0;
        for (int i = 0; i < n; i++) {
          Peer peer = i == victim ? null : cluster.node(i).members().peer(SimCluster.name(victim));
          dead += peer != null && peer.state() == Liveness.DEAD ? 1 : 0;
        }
        double now = (cluster.network().time().nanos() - begin) / 1e9;
        if (dead > 0 && first < 0) {
          first = now;
        }
        done = dead == n - 1;
        all[0][run] = first;
        all[1][run] = now;
      }
      cluster.restart(victim);
    }
    return Arrays.stream(all).mapToDouble(GossipFigures::median).toArray();
  }

  private static int falsePositives(int n) {
    SimCluster cluster = SimCluster.whole(n, 300);
    int slow = n / 10;
    for (int i = 0; i < slow; i++) {
      cluster.machine(i).slow(Duration.ofMillis(1_500));
    }
    cluster.run(Duration.ofMinutes(10));
    int wrong = 0;
    for (int i = slow; i < n; i++) {
      for (String line : cluster.watch(i).seen) {
        String[] word = line.split(" ", -1);
        int who = Integer.parseInt(word[1].substring(1));
        wrong += word[2].equals("DEAD") && who >= slow ? 1 : 0;
      }
    }
    return wrong;
  }

  private static double[] idle(int n) {
    SimCluster cluster = SimCluster.whole(n, 400);
    int warm = 20;
    int seconds = n <= 1_000 ? 300 : 60;
    cluster.run(Duration.ofSeconds(warm));
    long packets = 0;
    long bytes = 0;
    for (int i = 0; i < n; i++) {
      packets -= cluster.machine(i).datagrams();
      bytes -= cluster.machine(i).bytes();
    }
    cluster.run(Duration.ofSeconds(seconds));
    for (int i = 0; i < n; i++) {
      packets += cluster.machine(i).datagrams();
      bytes += cluster.machine(i).bytes();
    }
    return new double[] {(double) packets / n / seconds, (double) bytes / n / seconds};
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
