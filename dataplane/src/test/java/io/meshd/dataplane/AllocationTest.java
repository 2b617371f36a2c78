package io.meshd.dataplane;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.meshd.dataplane.ForwardingSpec.Balancing;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Frames cost no garbage: what the loops' threads allocate is counted while they forward. */
@Timeout(180)
class AllocationTest {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Code that is not compiled yet allocates; how long that takes depends on the machine. */
  private static final Duration LIMIT = Duration.ofSeconds(90);

  @Test
  void forwardingAllocatesNothingPerFrame() throws Exception {
    nothingIsAllocatedForTrafficTo("10.0.1.4", false);
  }

  @Test
  void sealingAndOpeningAllocateNothingPerFrame() throws Exception {
    nothingIsAllocatedForTrafficTo("10.0.1.4", true);
  }

  @Test
  void balancingAllocatesNothingPerFrame() throws Exception {
    nothingIsAllocatedForTrafficTo("10.0.1.2", false);
  }

  @Test
  void ipv6AllocatesNothingPerFrame() throws Exception {
    nothingIsAllocatedForTrafficTo("fd00:1::4", false);
  }

  @Test
  void balancingIpv6AllocatesNothingPerFrame() throws Exception {
    nothingIsAllocatedForTrafficTo("fd00:1::2", false);
  }

  /** To the task on the other node, or to the virtual address that stands for it. */
  private static void nothingIsAllocatedForTrafficTo(String dialed, boolean encrypted)
      throws Exception {
    try (TestNamespaces namespaces = new TestNamespaces()) {
      String nodeA = namespaces.add("nA");
      String nodeB = namespaces.add("nB");
      TestNode.join(nodeA, "10.99.0.1", nodeB, "10.99.0.2");
      try (TestNode a = new TestNode(namespaces, nodeA, "10.99.0.1");
          TestNode b = new TestNode(namespaces, nodeB, "10.99.0.2")) {
        if (encrypted) {
          a.encrypt(TestNode.key(1));
          b.encrypt(TestNode.key(1));
        }
        if (isIpv6(dialed)) {
          a.dualStack();
          b.dualStack();
        }
        String taskA = a.task("cA", "10.0.1.3");
        String taskB = b.task("cB", "10.0.1.4");
        a.remote("10.0.1.4", "10.99.0.2", false);
        b.remote("10.0.1.3", "10.99.0.1", false);
        a.service("10.0.1.2", Balancing.DEFAULT, TestNode.backend("10.0.1.4"));
        a.apply();
        b.apply();
        Round round;
        long end = System.nanoTime() + LIMIT.toNanos();
        do {
          round = measure(a, b, taskA, taskB, dialed);
        } while (round.bytes() >= round.frames() && System.nanoTime() < end);

        assertTrue(round.frames() > 2000, round.toString());
        assertTrue(round.bytes() < round.frames(), round.toString());
      }
    }
  }

  private record Round(long frames, long bytes) {}

  private static Round measure(TestNode a, TestNode b, String taskA, String taskB, String dialed)
      throws Exception {
    long frames = frames(a) + frames(b);
    long bytes = allocated();
    traffic(taskA, taskB, dialed);
    return new Round(frames(a) + frames(b) - frames, allocated() - bytes);
  }

  private static void traffic(String taskA, String taskB, String dialed) throws Exception {
    String bound = isIpv6(dialed) ? TestNode.ipv6("10.0.1.4") : "10.0.1.4";
    Transfer.check(taskA, taskB, bound, dialed, 100_000_000);
    TestNamespaces.in(taskA, "ping", "-q", "-f", "-c", "2000", "-w", "20", dialed);
  }

  private static boolean isIpv6(String address) {
    return address.contains(":");
  }

  private static long frames(TestNode node) {
    return node.counter("tap.rx_frames") + node.counter("tap.tx_frames");
  }

  private static long allocated() {
    long[] loops =
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> thread.getName().startsWith("meshd-data"))
            .mapToLong(Thread::threadId)
            .toArray();
    return Arrays.stream(THREADS.getThreadAllocatedBytes(loops)).sum();
  }
}
