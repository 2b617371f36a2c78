package io.meshd.testcluster.bench;

import io.meshd.dataplane.ForwardingSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * How a virtual IP's cost grows with its backends and with flows, without wires, on one thread. A
 * line per measurement:
 *
 * <pre>backends|flows NUMBER NEW-FLOWS/S KNOWN-FRAMES/S CHANGE-MS BYTES</pre>
 *
 * <p>A change is one backend more or less (median of 11); bytes are the heap's for backends, the
 * table's pages for flows. New flows are opened while the number given are there.
 */
public final class BalancingGrowth {
  private static final int FEW_BACKENDS = 10;
  private static final int FEW_FLOWS = 1000;
  private static final int NEW_FLOWS = 20_000;
  private static final int FRAMES = 1_000_000;
  private static final int CAPACITY = 1 << 20;
  private static final int CHANGES = 11;

  private BalancingGrowth() {}

  /** See the class. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    measure(FEW_BACKENDS, FEW_FLOWS, null); // for the compiler
    for (int backends = 1; backends <= 100_000; backends *= 10) {
      long before = heap();
      ForwardingSpec spec = BalancedSwitch.spec(backends);
      double[] figures = measure(backends, FEW_FLOWS, spec);
      System.out.printf(
          "backends %d %.0f %.0f %.3f %.0f%n",
          backends, figures[0], figures[1], figures[2], figures[3] - before);
    }
    for (int flows = 1; flows <= 1_000_000; flows *= 10) {
      double[] figures = measure(FEW_BACKENDS, flows, null);
      System.out.printf(
          "flows %d %.0f %.0f %.3f %.0f%n", flows, figures[0], figures[1], figures[2], figures[4]);
    }
  }

  private static double[] measure(int backends, int flows, @Nullable ForwardingSpec spec)
      throws IOException, InterruptedException {
    Path file = Files.createTempFile("flows", "");
    try (BalancedSwitch balanced = new BalancedSwitch(backends, file, CAPACITY)) {
      balanced.open(0, flows);
      double pages = pages(file);
      balanced.known(0, flows);
      long begin = System.nanoTime();
      balanced.open(flows, flows + NEW_FLOWS);
      long opened = System.nanoTime();
      int frames = 0;
      for (; frames < FRAMES; frames += flows) {
        balanced.known(0, Math.min(flows, FRAMES));
      }
      long end = System.nanoTime();
      ForwardingSpec same = spec == null ? BalancedSwitch.spec(backends) : spec;
      double change = change(balanced, same, BalancedSwitch.spec(backends + 1));
      return new double[] {
        NEW_FLOWS * 1e9 / (opened - begin), frames * 1e9 / (end - opened), change, heap(), pages
      };
    } finally {
      Files.delete(file);
    }
  }

  private static double change(BalancedSwitch balanced, ForwardingSpec one, ForwardingSpec other) {
    double[] millis = new double[CHANGES];
    for (int i = 0; i < millis.length; i++) {
      long begin = System.nanoTime();
      balanced.use(i % 2 == 0 ? other : one);
      millis[i] = (System.nanoTime() - begin) / 1e6;
    }
    Arrays.sort(millis);
    return millis[millis.length / 2];
  }

  private static long heap() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  /** A sparse file's, as du(1) has it. */
  private static double pages(Path file) throws IOException, InterruptedException {
    Process du = new ProcessBuilder("du", "-B1", file.toString()).start();
    String said = new String(du.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (du.waitFor() != 0) {
      throw new IOException("du failed for " + file);
    }
    return Double.parseDouble(said.split("\t", -1)[0]);
  }
}
