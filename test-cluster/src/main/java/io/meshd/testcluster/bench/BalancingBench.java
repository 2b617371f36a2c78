package io.meshd.testcluster.bench;

import io.meshd.dataplane.lb.MaglevTable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a virtual IP costs without wires: a switch with ten backends is given the SYNs of a million
 * connections, and then a frame of each again.
 *
 * <pre>BalancingBench FLOW-TABLE-FILE</pre>
 *
 * <p>Prints figures as {@code test-cluster/bench} has them, and leaves the file for its size to be
 * looked at.
 */
public final class BalancingBench {
  private static final int FLOWS = 1_000_000;
  private static final int BACKENDS = 10;
  private static final int FIRST_CLIENT = 0x0a010000;
  private static final int WARM_UP = 200_000;

  private BalancingBench() {}

  /** See the class. */
  public static void main(String[] arguments) throws IOException {
    maglev();
    // Once for the compiler, in a table of its own.
    run(null, WARM_UP, 1 << 18);
    double[] perSecond = run(Path.of(arguments[0]), FLOWS, 1 << 20);
    System.out.printf("value vip new_flows_per_second %.0f%n", perSecond[0]);
    System.out.printf("value vip known_frames_per_second %.0f%n", perSecond[1]);
  }

  private static double[] run(@Nullable Path file, int flows, int capacity) throws IOException {
    try (BalancedSwitch balanced = new BalancedSwitch(BACKENDS, file, capacity)) {
      long begin = System.nanoTime();
      balanced.open(0, flows);
      long opened = System.nanoTime();
      balanced.known(0, flows);
      long end = System.nanoTime();
      return new double[] {flows * 1e9 / (opened - begin), flows * 1e9 / (end - opened)};
    }
  }

  /** How many of the others' clients move when one of ten backends goes: the worst of the ten. */
  private static void maglev() {
    List<MaglevTable.Member> all = new ArrayList<>();
    for (int i = 0; i < BACKENDS; i++) {
      all.add(new MaglevTable.Member("task" + i, 100));
    }
    MaglevTable before = new MaglevTable(all);
    double worst = 0;
    for (int gone = 0; gone < BACKENDS; gone++) {
      List<MaglevTable.Member> rest = new ArrayList<>(all);
      rest.set(gone, new MaglevTable.Member("task" + gone, 0));
      MaglevTable after = new MaglevTable(rest);
      int others = 0;
      int moved = 0;
      for (int client = 0; client < FLOWS; client++) {
        long hash = MaglevTable.hash(FIRST_CLIENT + client);
        int was = before.lookup(hash);
        others += was == gone ? 0 : 1;
        moved += was == gone || after.lookup(hash) == was ? 0 : 1;
      }
      worst = Math.max(worst, 100.0 * moved / others);
    }
    System.out.printf("value vip maglev_others_moved_percent %.3f%n", worst);
  }
}
